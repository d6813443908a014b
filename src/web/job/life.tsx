import type { JobAnswer } from '../../api/job.ts';
import { formatSeconds } from '../../domain/figures.ts';
import { Moment, now } from '../parts/moment.tsx';

/** A stretch of a job's life. */
interface Stretch {
  readonly name: string;
  readonly kind: 'wait' | 'run' | 'left';
  readonly seconds: number;
}

/** Shows how long a job waited, ran and may run, to scale. */
export function LifeLine({ job }: { job: JobAnswer }) {
  const stretches = stretchesOf(job, now.value);
  const total = stretches.reduce((sum, { seconds }) => sum + seconds, 0);
  const { submit_time, start_time, end_time, reason } = job;
  return (
    <section class="life" aria-label="Life of the job">
      {total > 0 && (
        <div class="life-line" aria-hidden="true">
          {stretches.map(({ kind, seconds }) => (
            <span key={kind} class={`life-${kind}`} style={{ flexGrow: seconds / total }} />
          ))}
        </div>
      )}
      <ul>
        {submit_time && (
          <li>
            submitted <Moment time={submit_time} />
          </li>
        )}
        <Lasted stretches={stretches} kind="wait" />
        {start_time && (
          <li>
            started <Moment time={start_time} />
          </li>
        )}
        <Lasted stretches={stretches} kind="run" />
        {end_time && (
          <li>
            ended <Moment time={end_time} />
          </li>
        )}
        <Lasted stretches={stretches} kind="left" />
        {reason && job.state !== 'running' && <li>reason: {reason}</li>}
      </ul>
    </section>
  );
}

function Lasted({ stretches, kind }: { stretches: readonly Stretch[]; kind: Stretch['kind'] }) {
  const stretch = stretches.find((one) => one.kind === kind);
  if (!stretch) return null;
  return (
    <li>
      {stretch.name} {formatSeconds(stretch.seconds)}
    </li>
  );
}

function stretchesOf(job: JobAnswer, nowMs: number): Stretch[] {
  const time = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  const [submitMs, startMs, endMs] = [time(job.submit_time), time(job.start_time), time(job.end_time)];
  const stretches: Stretch[] = [];
  const add = (name: string, kind: Stretch['kind'], fromMs: number, toMs: number) => {
    if (toMs > fromMs) stretches.push({ name, kind, seconds: (toMs - fromMs) / 1000 });
  };
  if (submitMs !== undefined) add('waited', 'wait', submitMs, startMs ?? endMs ?? nowMs);
  if (startMs === undefined) return stretches;
  add('ran', 'run', startMs, endMs ?? nowMs);
  if (job.time_limit_seconds && endMs === undefined)
    add('time left', 'left', nowMs, startMs + 1000 * job.time_limit_seconds);
  return stretches;
}
