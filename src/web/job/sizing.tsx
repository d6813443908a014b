import type { SizingAnswer } from '../../api/sizing.ts';

interface SizingProps {
  readonly sizing: SizingAnswer;
  /** Whether the job waits, so that what it asks for can still be changed. */
  readonly isWaiting: boolean;
}

/** Says what a run needs, by those before it; nothing while too few say it. */
export function Sizing({ sizing, isWaiting }: SizingProps) {
  if (sizing.lack !== undefined) return null;
  return (
    <section class="sizing" aria-label="The next run">
      <p>
        {sizing.message}
        {sizing.script.length > 0 &&
          (isWaiting ? ' Before it starts, it could ask for:' : ' For the next one:')}
      </p>
      {sizing.script.length > 0 && <pre>{sizing.script.join('\n')}</pre>}
    </section>
  );
}
