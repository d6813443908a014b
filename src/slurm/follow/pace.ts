/** At most a twentieth of the time is spent in Slurm's commands; a tenth when somebody waits for the next look. */
const REST_FACTOR = 19;
const HASTENED_REST_FACTOR = 9;
/** Looks that tell a lasting load from an outlier. */
const JUDGED_LOOKS = 5;
const LEAST_LOOKS = 3;
/** Nobody is left without news for longer, whatever Slurm's load. */
const LONGEST_REST_MS = 10 * 60_000;

/**
 * How long to rest after looks whose commands took `spentMs`, the latest last; all in milliseconds. The median of the last
 * five counts, so that one that took long does not, and neither do the first two.
 */
export function restAfter(spentMs: readonly number[]): {
  readonly restMs: number;
  readonly hastenedMs: number;
} {
  if (spentMs.length < LEAST_LOOKS) return { restMs: 0, hastenedMs: 0 };
  const judged = spentMs.slice(-JUDGED_LOOKS).sort((one, other) => one - other);
  const typicalMs = judged[Math.floor((judged.length - 1) / 2)]!;
  const rest = (factor: number) => Math.min(LONGEST_REST_MS, factor * typicalMs);
  return { restMs: rest(REST_FACTOR), hastenedMs: rest(HASTENED_REST_FACTOR) };
}

/** The times of the looks that are judged. */
export const addLook = (spentMs: readonly number[], lookMs: number): number[] =>
  [...spentMs, lookMs].slice(-JUDGED_LOOKS);
