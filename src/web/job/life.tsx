import type { JobAnswer } from '../../api/job.ts';
import type { RunAnswer } from '../../api/run.ts';
import type { WaitAnswer } from '../../api/wait.ts';
import { formatSeconds } from '../../domain/figures.ts';
import { Moment, now } from '../parts/moment.tsx';
import { getJson, jobPath } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { type LifeInput, type Moments, momentsOf, type Stretch, stretchesOf } from './life-line.ts';

const POLL_MS = 60_000;

interface LifeLineProps {
  readonly job: JobAnswer;
  /** All runs of the job, for those before the one that is shown. */
  readonly runs?: readonly RunAnswer[];
}

/** Shows how long a job waited, ran and may run, to scale; of a waiting one why, and when it may start. */
export function LifeLine({ job, runs = [] }: LifeLineProps) {
  const wait = useResource(
    job.state === 'pending' ? `wait ${job.id} ${job.reason}` : undefined,
    (signal) => getJson<WaitAnswer>(jobPath(job.id, '/wait'), {}, signal),
    { everyMs: POLL_MS },
  );
  const known = job.state === 'pending' ? wait.value : undefined;
  const input: LifeInput = { job, runs, nowMs: now.value, expected: known?.expected_start_time };
  const stretches = stretchesOf(input);
  const moments = momentsOf(input);
  return (
    <section class="life" aria-label="Life of the job">
      <Line stretches={stretches} moments={moments} />
      <ol>
        {moments.map(({ name, time }) => (
          <li key={`${name} ${time}`}>
            <span class="soft">{name}</span> <Moment time={time} />
          </li>
        ))}
        {stretches.map(({ name, seconds }) => (
          <li key={name}>
            <span class="soft">{name}</span> {formatSeconds(seconds)}
          </li>
        ))}
      </ol>
      {known ? <Waiting wait={known} /> : <Reason job={job} />}
    </section>
  );
}

function Line({ stretches, moments }: { stretches: readonly Stretch[]; moments: Moments }) {
  const total = stretches.reduce((sum, { seconds }) => sum + seconds, 0);
  if (total === 0) return null;
  const [first] = moments;
  const startMs = Date.parse(first!.time);
  return (
    <div class="life-line" aria-hidden="true">
      {stretches.map(({ kind, name, seconds }) => (
        <span
          key={name}
          class={`life-${kind}`}
          style={{ flexGrow: seconds / total }}
          title={`${name} ${formatSeconds(seconds)}`}
        />
      ))}
      {moments.slice(1).map(({ name, time }) => (
        <i
          key={`${name} ${time}`}
          style={{ left: `${(Date.parse(time) - startMs) / (10 * total)}%` }}
          title={name}
        />
      ))}
    </div>
  );
}

/** Why it waits, in words. */
function Waiting({ wait }: { wait: WaitAnswer }) {
  const { reason, meaning, action, asked_time, expected_start_time } = wait;
  return (
    <p>
      {meaning ?? (reason ? `Slurm says ${reason}.` : 'It waits.')} {action}{' '}
      <span class="soft">
        {meaning && `Slurm calls it ${reason}. `}
        {asked_time && !expected_start_time && 'Slurm does not expect a start yet.'}
      </span>
    </p>
  );
}

const Reason = ({ job: { reason, state } }: { job: JobAnswer }) =>
  reason && state !== 'running' ? <p class="soft">Reason: {reason}</p> : null;
