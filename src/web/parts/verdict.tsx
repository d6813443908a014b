import type { VerdictAnswer } from '../../api/finding.ts';

const MAX_FINDINGS = 3;
const SUBJECTS: Record<VerdictAnswer['fine'][number], string> = {
  end: 'how it ended',
  queue: 'why it waits',
  gpu: 'GPU',
  cpu: 'CPU',
  nodes: 'nodes',
  memory: 'memory',
  time: 'time',
};

/** Says what is to be said of a job first: one sentence, then what else is worth changing. */
export function Verdict({ verdict }: { verdict: VerdictAnswer }) {
  const [worst, ...others] = verdict.findings.slice(0, MAX_FINDINGS);
  const fine = verdict.fine.map((subject) => SUBJECTS[subject]);
  return (
    <section class={`verdict verdict-${worst?.severity ?? 'fine'}`} aria-label="Verdict">
      <p class="verdict-sentence">{verdict.verdict}</p>
      {worst?.action && <Action text={worst.action} />}
      {others.length > 0 && (
        <ul>
          {others.map(({ kind, message, action }) => (
            <li key={kind}>
              {message} {action && <Action text={action} />}
            </li>
          ))}
        </ul>
      )}
      <p class="soft">
        {fine.length > 0 && `Nothing found for: ${fine.join(', ')}. `}
        {unjudgedTexts(verdict).join(' ')}
      </p>
    </section>
  );
}

/** Joins subjects that share a reason. */
function unjudgedTexts({ not_judged }: VerdictAnswer): string[] {
  const byReason = Map.groupBy(not_judged, ({ why }) => why);
  return [...byReason].map(
    ([why, all]) => `Not judged: ${all.map(({ subject }) => SUBJECTS[subject]).join(', ')} (${why}).`,
  );
}

/** Options of a job script, with nothing behind them. */
const OPTIONS = /^--\S+( --\S+)*$/;
/** Commas are part of lists of numbers: `--array=5,7-9, once …`. */
const FIRST_OPTION = /^--(?:[^\s,]|,(?=\d))*/;

/** An option of a job script is shown as one, and what is said about it as text. */
function Action({ text }: { text: string }) {
  if (OPTIONS.test(text))
    return (
      <span>
        Ask for <code>{text}</code>.
      </span>
    );
  const [option] = FIRST_OPTION.exec(text) ?? [];
  if (option === undefined) return <span>{text}</span>;
  return (
    <span>
      <code>{text.slice(0, option.length)}</code>
      {text.slice(option.length)}
    </span>
  );
}
