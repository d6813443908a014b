import { formatMb, formatSeconds } from '../figures.ts';
import { hasEnded } from '../job.ts';
import { lackOf } from './enough.ts';
import type { Facts, MemoryCourse, Rule } from './finding.ts';

const HOUR_MS = 3_600_000;
/** Points from which a slope says anything. */
const LEAST_POINTS = 8;

/**
 * Finds running jobs whose memory grows so that it reaches the limit before the time is over. The slope is
 * that of Theil and Sen (the median of the slopes of all pairs), which single peaks do not bend.
 */
export const MEMORY_GROWS: Rule = {
  subject: 'memory',
  kinds: {
    'memory-grows':
      'the memory of a running job grew by `memory-growth-mb` an hour for `memory-growth-seconds`, and reaches the limit before the time is over',
  },
  unless: ['memory-near-limit', 'memory-killed'],
  judge(facts) {
    const { job, summary, memoryCourse, thresholds, nowMs } = facts;
    const limitMb = job.details?.memoryLimitMb;
    if (!memoryCourse || !summary.whole.memoryUsageMb || !limitMb || hasEnded(job.state) || lackOf(facts))
      return undefined;
    const points = secondHalf(memoryCourse);
    const first = points[0];
    const last = points.at(-1);
    if (!first || !last || points.length < LEAST_POINTS) return undefined;
    if (last.timeMs - first.timeMs < thresholds.memoryGrowthSeconds * 1000) return undefined;
    const mbAnHour = slopeOf(points);
    if (mbAnHour < thresholds.memoryGrowthMb) return 'fine';
    const leftSeconds = (3600 * (limitMb - last.mb)) / mbAnHour;
    if (leftSeconds > timeLeftSeconds(facts)) return 'fine';
    return {
      kind: 'memory-grows',
      subject: 'memory',
      severity: 'harm',
      message: `Its memory grows by ${formatMb(mbAnHour)} an hour, and reaches its limit of ${formatMb(limitMb)} in ${formatSeconds(leftSeconds)}.`,
      action: 'Save the work before that; look for a leak, or ask for more memory.',
      evidence: { measure: 'memory_usage_mb', fromMs: first.timeMs, toMs: nowMs },
    };
  },
};

interface Point {
  readonly timeMs: number;
  readonly mb: number;
}

/** Programs fill their memory at the beginning, which is no leak. */
function secondHalf({ timesMs, memoryMb }: MemoryCourse): Point[] {
  const points = timesMs.flatMap((timeMs, index) => {
    const mb = memoryMb[index]!;
    return Number.isNaN(mb) ? [] : [{ timeMs, mb }];
  });
  return points.slice(points.length >> 1);
}

/** Returns the median slope in MB an hour. */
function slopeOf(points: readonly Point[]): number {
  const slopes = points.flatMap((one, index) =>
    points.slice(index + 1).map((other) => ((other.mb - one.mb) * HOUR_MS) / (other.timeMs - one.timeMs)),
  );
  return slopes.sort((one, other) => one - other)[slopes.length >> 1]!;
}

function timeLeftSeconds({ job, nowMs }: Facts): number {
  const limit = job.details?.timeLimitSeconds;
  if (limit === undefined || job.startTimeMs === undefined) return Number.POSITIVE_INFINITY;
  return limit + (job.details?.suspendedSeconds ?? 0) - (nowMs - job.startTimeMs) / 1000;
}
