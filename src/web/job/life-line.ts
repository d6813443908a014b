import type { JobAnswer } from '../../api/job.ts';
import type { RunAnswer } from '../../api/run.ts';

// The life of a job as stretches of time. Pure.

/** A stretch of a job's life. */
export interface Stretch {
  readonly name: string;
  readonly kind: 'wait' | 'run' | 'left';
  readonly seconds: number;
}

/** What happened when, in order. */
export type Moments = readonly { readonly name: string; readonly time: string }[];

export interface LifeInput {
  readonly job: JobAnswer;
  /** All runs of the job, the latest first. */
  readonly runs: readonly RunAnswer[];
  readonly nowMs: number;
  /** When a waiting job is expected to start. */
  readonly expected?: string | undefined;
}

/** Earlier runs that are named; the menu has all. */
const MAX_REQUEUES = 3;

/** When it started: a job that was created over the API has a start time even while it waits. */
const startOf = ({ state, start_time }: JobAnswer) => (state === 'pending' ? undefined : start_time);

/** Returns submission, starts and ends; the limit and an expected start are still to come. */
export function momentsOf({ job, runs, nowMs, expected }: LifeInput): Moments {
  const { submit_time, end_time, time_limit_seconds: limit } = job;
  const start_time = startOf(job);
  const moments: { name: string; time: string }[] = [];
  const add = (name: string, time: string | undefined) => time !== undefined && moments.push({ name, time });
  add('submitted', submit_time);
  for (const { end_time: ended } of requeuedBefore(job, runs)) add('requeued', ended);
  add('started', start_time);
  add('ended', end_time);
  if (start_time && !end_time && limit) {
    const limitMs = Date.parse(start_time) + 1000 * limit;
    add(limitMs > nowMs ? 'limit' : 'limit was', new Date(limitMs).toISOString());
  }
  add('expected start', expected);
  return moments;
}

/** Returns the runs between the submission and the run that is shown, the oldest first. */
function requeuedBefore({ submit_time, start_time }: JobAnswer, runs: readonly RunAnswer[]): RunAnswer[] {
  const isBefore = ({ start_time: other, end_time: ended }: RunAnswer) =>
    ended !== undefined &&
    other !== undefined &&
    (start_time === undefined || other < start_time) &&
    (submit_time === undefined || ended > submit_time);
  return runs.filter(isBefore).slice(0, MAX_REQUEUES).reverse();
}

/** Returns the wait, the run and what is left, in order: together from the first moment to the last. */
export function stretchesOf({ job, nowMs, expected }: LifeInput): Stretch[] {
  const time = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  const [submitMs, startMs, endMs] = [time(job.submit_time), time(startOf(job)), time(job.end_time)];
  const stretches: Stretch[] = [];
  const add = (name: string, kind: Stretch['kind'], fromMs: number, toMs: number) => {
    if (toMs > fromMs) stretches.push({ name, kind, seconds: (toMs - fromMs) / 1000 });
  };
  const waitsOn = startMs === undefined && endMs === undefined;
  if (submitMs !== undefined)
    add(waitsOn ? 'waits for' : 'waited', 'wait', submitMs, startMs ?? endMs ?? nowMs);
  if (waitsOn && expected !== undefined) add('to wait yet', 'left', nowMs, Date.parse(expected));
  if (startMs === undefined) return stretches;
  add(endMs === undefined ? 'runs for' : 'ran', 'run', startMs, endMs ?? nowMs);
  if (job.time_limit_seconds && endMs === undefined)
    add('time left', 'left', nowMs, startMs + 1000 * job.time_limit_seconds);
  return stretches;
}
