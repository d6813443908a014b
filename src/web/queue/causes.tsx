import type { QueueAnswer } from '../../api/queue.ts';
import { formatCount, formatSeconds, groupDigits } from '../../domain/figures.ts';
import { addressOf } from '../parts/router.ts';

export type Cause = QueueAnswer['causes'][number]['cause'];

/** What jobs wait for, as the end of `3 jobs wait …`. */
export const CAUSE_WORDS: Record<Cause, string> = {
  resources: 'for free resources',
  limit: 'at a limit',
  dependency: 'for other jobs',
  time: 'for a time',
  outage: 'for nodes that are down',
  scheduler: 'for the scheduler',
  held: 'held',
  request: 'cannot run as asked',
  other: 'for other reasons',
};

/** The jobs that wait, by cause: one row of figures. */
export function Causes({ queue }: { queue: QueueAnswer }) {
  const { jobs, counted_jobs, causes, user_count } = queue;
  return (
    <>
      <ul class="causes">
        <li>
          <a href={addressOf('jobs', { filter: 'state:pending' })}>
            <b>{groupDigits(jobs)}</b> waiting
          </a>
          <span class="soft">of {formatCount(user_count, 'user')}</span>
        </li>
        {causes.map(({ cause, jobs: count, longest_wait_seconds }) => (
          <li key={cause} class={`cause-${cause}`}>
            <span>
              <i class={`fill-${cause}`} />
              <b>{groupDigits(count)}</b> {CAUSE_WORDS[cause]}
            </span>
            <span class="soft">
              {longest_wait_seconds !== undefined && `longest ${formatSeconds(longest_wait_seconds)}`}
            </span>
          </li>
        ))}
      </ul>
      {counted_jobs !== undefined && (
        <p class="soft">Only the oldest {groupDigits(counted_jobs)} are counted by cause, and below.</p>
      )}
    </>
  );
}
