import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { VerdictAnswer } from '../../api/finding.ts';
import type { JobAnswer } from '../../api/job.ts';
import { formatCount, formatSeconds } from '../../domain/figures.ts';
import { Plots } from '../job/plots.tsx';
import { now } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson, jobPath } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { jobAddress } from '../parts/router.ts';
import { runtimeOf } from '../parts/runtime.ts';
import { State } from '../parts/state.tsx';
import { Verdict } from '../parts/verdict.tsx';

const POLL_MS = 15_000;
/** A reader who goes on by then asks for nothing of this job. */
const SETTLE_MS = 120;

interface PanelProps {
  readonly label: string;
  readonly kind: 'job' | 'compare';
  readonly head: ComponentChildren;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** What opens below the list, or beside it, while the list keeps its place. */
export function Panel({ label, kind, head, onClose, children }: PanelProps) {
  return (
    <aside class={`panel panel-${kind}`} aria-label={label}>
      <header>
        {head}
        <button type="button" class="end" aria-label="Close" title="Escape" onClick={onClose}>
          ×
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard must be able to do. */}
      <section class="panel-content" aria-label="Plots" tabIndex={0} onKeyDown={keepScrolling}>
        {children}
      </section>
    </aside>
  );
}

/** These keys scroll what has the focus instead of the list. */
function keepScrolling(event: KeyboardEvent): void {
  if (/^(Arrow|Page|Home|End)/.test(event.key)) event.stopPropagation();
}

/** One job of the list: its verdict and its plots. */
export function JobDrawer({ id, listed, onClose }: DrawerProps) {
  const settled = useSettled(id);
  return (
    <Panel kind="job" label={`Job ${id}`} onClose={onClose} head={<Heading id={id} job={listed} />}>
      {settled === id ? <Content key={id} id={id} /> : <p class="soft">Reading …</p>}
    </Panel>
  );
}

interface DrawerProps {
  readonly id: string;
  /** What the list knows of it; undefined if it is not in the list. */
  readonly listed: JobAnswer | undefined;
  readonly onClose: () => void;
}

function Heading({ id, job }: { id: string; job: JobAnswer | undefined }) {
  const seconds = job && runtimeOf(job, now.value);
  return (
    <>
      <h2>
        <a href={jobAddress(id)}>{id}</a>
      </h2>
      {job && <State state={job.state} rawState={job.raw_state} />}
      {job && (
        <span class="soft">
          {job.user}
          {job.name && ` · ${job.name}`}
          {seconds !== undefined && ` · ran ${formatSeconds(seconds)}`}
          {seconds !== undefined && job.time_limit_seconds
            ? ` of ${formatSeconds(job.time_limit_seconds)}`
            : ''}
          {job.nodes.length > 0 && ` · on ${formatCount(job.nodes.length, 'node')}`}
        </span>
      )}
    </>
  );
}

function Content({ id }: { id: string }) {
  const live = { everyMs: POLL_MS, on: { job: id } };
  const job = useResource(`job ${id}`, (signal) => getJson<JobAnswer>(jobPath(id), {}, signal), live);
  const verdict = useResource(
    `verdict ${id}`,
    (signal) => getJson<VerdictAnswer>(jobPath(id, '/findings'), {}, signal),
    live,
  );
  if (!job.value) return job.error ? <Problem error={job.error} /> : <p class="soft">Reading …</p>;
  return (
    <>
      {verdict.value && <Verdict verdict={verdict.value} />}
      {job.value.start_time && <Plots job={job.value} run={undefined} marks={NO_MARKS} />}
    </>
  );
}

const NO_MARKS: readonly never[] = [];

/** Returns a value once it has stayed the same for a moment; the first at once. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
