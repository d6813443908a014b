import type { JobAnswer } from '../../api/job.ts';

/**
 * Returns the seconds that a job has run, or ran, without suspended time; undefined before its start.
 */
export function runtimeOf(job: JobAnswer, nowMs: number): number | undefined {
  const { state, start_time, runtime_seconds, suspended_seconds = 0 } = job;
  if (runtime_seconds !== undefined) return runtime_seconds;
  // A job that was created over the API has a start time even while it waits.
  if (start_time === undefined || state === 'pending') return undefined;
  return Math.max(0, (nowMs - Date.parse(start_time)) / 1000 - suspended_seconds);
}
