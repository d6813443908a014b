import { writeTerm } from '../../api/filter-text.ts';
import type { JobAnswer } from '../../api/job.ts';
import type { RunAnswer } from '../../api/run.ts';
import { formatCount, formatSeconds } from '../../domain/figures.ts';
import { formatLocal, now } from '../parts/moment.tsx';
import { accountAddress, addressOf, arrayAddress, go, place, userAddress } from '../parts/router.ts';
import { runtimeOf } from '../parts/runtime.ts';
import { State, wordOf } from '../parts/state.tsx';

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
        <a href={userAddress(job.user)}>{job.user}</a>
        {job.account !== undefined && (
          <>
            {' '}
            for <a href={accountAddress(job.account)}>{job.account}</a>
          </>
        )}
        {job.partition !== undefined && (
          <>
            {' '}
            in{' '}
            <a href={addressOf('jobs', { filter: writeTerm('partition', job.partition) })}>{job.partition}</a>
          </>
        )}
        {job.array_job_id !== undefined && (
          <>
            {' '}
            · {job.array_task_id === undefined ? 'tasks' : `task ${job.array_task_id}`} of array{' '}
            <a href={arrayAddress(job.array_job_id)}>{job.array_job_id}</a>
          </>
        )}
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

function RunMenu({ runs, run }: Omit<TitleProps, 'job'>) {
  const latest = runs.length;
  const show = (chosen: string) =>
    go(addressOf(place.value.path, { run: Number(chosen) === latest ? undefined : chosen }));
  return (
    <label>
      <span class="visually-hidden">Run</span>
      <select value={String(run)} onChange={({ currentTarget }) => show(currentTarget.value)}>
        {runs.map(({ run: number, state, raw_state, start_time, nodes }) => (
          <option key={number} value={String(number)}>
            run {number} of {latest}: {wordOf(state, raw_state)}
            {start_time && `, ${formatLocal(Date.parse(start_time))}`}
            {nodes.length > 0 && `, ${nodes.length === 1 ? nodes[0] : `${nodes.length} nodes`}`}
          </option>
        ))}
      </select>
    </label>
  );
}
