import type { JobAnswer } from '../../api/job.ts';

/**
 * Returns the seconds that a job has run, or ran, without suspended time; undefined before its start.
 */
export function runtimeOf(job: JobAnswer, nowMs: number): number | undefined {
  const { start_time, runtime_seconds, suspended_seconds = 0 } = job;
  if (runtime_seconds !== undefined) return runtime_seconds;
  if (start_time === undefined) return undefined;
  return Math.max(0, (nowMs - Date.parse(start_time)) / 1000 - suspended_seconds);
}
