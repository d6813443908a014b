import { formatSeconds } from '../figures.ts';
import type { Facts } from './finding.ts';

/** Says why a run is too short, or measured too seldom, to be judged; undefined if it is not. */
export function lackOf({ summary: { whole }, thresholds }: Facts): { unjudged: string } | undefined {
  const { samples, observedSeconds } = whole;
  if (samples === 0) return { unjudged: 'nothing was measured' };
  if (observedSeconds < thresholds.leastSeconds)
    return { unjudged: `it was measured for less than ${formatSeconds(thresholds.leastSeconds)}` };
  if (samples >= thresholds.leastSamples) return undefined;
  return { unjudged: `it was measured fewer than ${thresholds.leastSamples} times` };
}
