import type { Facts } from './finding.ts';

/** Points of the course of the memory of a run. */
export const MEMORY_COURSE_POINTS = 60;

/**
 * Memory that stays at its maximum and then grows to it in the second half needs 8; the rest is for steps.
 */
const GENEROUS = 16;

/**
 * Whether the memory of a running job may grow so fast that it reaches the limit, by its mean and maximum
 * alone: only then its course is worth a look, whose second half has to last `memoryGrowthSeconds`.
 */
export function mayGrow({
  job,
  summary,
  thresholds,
  nowMs,
}: Pick<Facts, 'job' | 'summary' | 'thresholds' | 'nowMs'>): boolean {
  const { memoryLimitMb = 0, timeLimitSeconds } = job.details ?? {};
  const used = summary.whole.memoryUsageMb;
  const hours = (nowMs - (job.startTimeMs ?? nowMs)) / 3_600_000;
  if (!used || memoryLimitMb === 0 || hours * 3600 < 2 * thresholds.memoryGrowthSeconds) return false;
  const mbAnHour = (GENEROUS * (used.max - used.mean)) / hours;
  if (mbAnHour < thresholds.memoryGrowthMb) return false;
  const hoursLeft =
    timeLimitSeconds === undefined ? Number.POSITIVE_INFINITY : timeLimitSeconds / 3600 - hours;
  return hoursLeft > 0 && used.max + mbAnHour * hoursLeft >= memoryLimitMb;
}
