import type { JobAnswer } from '../../api/job.ts';
import type { RunAnswer } from '../../api/run.ts';
import { formatCount, formatSeconds } from '../../domain/figures.ts';
import { writeTerm } from '../parts/filter.ts';
import { formatLocal, now } from '../parts/moment.tsx';
import { addressOf, go, place } from '../parts/router.ts';
import { runtimeOf } from '../parts/runtime.ts';
import { State } from '../parts/state.tsx';

interface TitleProps {
  readonly job: JobAnswer;
  readonly runs: readonly RunAnswer[];
  /** The run that is shown. */
  readonly run: number;
}

/** Says what the page is about: the job, its state, its owner, and how long it has run. */
export function Title({ job, runs, run }: TitleProps) {
  return (
    <header class="title">
      <h1>
        <span class="soft">job</span> {job.id}
        {job.name && <span class="job-name">{job.name}</span>}
      </h1>
      <State state={job.state} rawState={job.raw_state} />
      {runs.length > 1 && <RunMenu runs={runs} run={run} />}
      <p class="soft">
        <Link name="user" value={job.user} />
        <Link before=" for " name="account" value={job.account} />
        <Link before=" in " name="partition" value={job.partition} />
        <Link before=" · task of array " name="array" value={job.array_job_id} />
        {ranText(job)}
        {job.nodes.length > 0 && ` · on ${formatCount(job.nodes.length, 'node')}`}
      </p>
    </header>
  );
}

function ranText(job: JobAnswer): string {
  const seconds = runtimeOf(job, now.value);
  if (seconds === undefined) return '';
  const limit = job.time_limit_seconds ? ` of ${formatSeconds(job.time_limit_seconds)}` : '';
  return ` · ran ${formatSeconds(seconds)}${limit}`;
}

interface LinkProps {
  /** The name of the filter that lists the jobs that share the value. */
  readonly name: string;
  readonly value: string | undefined;
  readonly before?: string;
}

function Link({ name, value, before = '' }: LinkProps) {
  if (value === undefined) return null;
  return (
    <>
      {before}
      <a href={addressOf('jobs', { filter: writeTerm(name, value) })}>{value}</a>
    </>
  );
}

function RunMenu({ runs, run }: Omit<TitleProps, 'job'>) {
  const latest = runs.length;
  const show = (chosen: string) =>
    go(addressOf(place.value.path, { run: Number(chosen) === latest ? undefined : chosen }));
  return (
    <label>
      <span class="visually-hidden">Run</span>
      <select value={String(run)} onChange={({ currentTarget }) => show(currentTarget.value)}>
        {runs.map(({ run: number, state, start_time }) => (
          <option key={number} value={String(number)}>
            run {number} of {latest}: {state}
            {start_time && `, ${formatLocal(Date.parse(start_time))}`}
          </option>
        ))}
      </select>
    </label>
  );
}
