import type { UsageSummary } from '../summary.ts';

/** As jobstats does: shorter runs say more about starting up than about the work. */
const LEAST_SAMPLES = 10;
const LEAST_SECONDS = 300;

/** Says why a run is too short, or measured too seldom, to be judged; undefined if it is not. */
export function lackOf({ samples, observedSeconds }: UsageSummary): { unjudged: string } | undefined {
  if (samples === 0) return { unjudged: 'nothing was measured' };
  if (samples >= LEAST_SAMPLES && observedSeconds >= LEAST_SECONDS) return undefined;
  return { unjudged: 'it was measured for less than 5 minutes' };
}
