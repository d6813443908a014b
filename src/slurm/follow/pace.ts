/** Slurm's commands run at most a twentieth of the time, or a tenth when a poll has been requested. */
const REST_FACTOR = 19;
const HASTENED_REST_FACTOR = 9;
/** Polls whose median decides; with fewer than LEAST_POLLS a slow one may be an outlier. */
const JUDGED_POLLS = 5;
const LEAST_POLLS = 3;
/** The longest rest, however slow Slurm is. */
const LONGEST_REST_MS = 10 * 60_000;

/**
 * Returns how long to rest after polls whose commands took `pollsMs`, the latest last; all in milliseconds.
 * The median of the last five decides, so that a single slow poll does not count, nor do the first two.
 */
export function restAfter(pollsMs: readonly number[]): {
  readonly restMs: number;
  readonly hastenedMs: number;
} {
  if (pollsMs.length < LEAST_POLLS) return { restMs: 0, hastenedMs: 0 };
  const judged = pollsMs.slice(-JUDGED_POLLS).sort((one, other) => one - other);
  const typicalMs = judged[Math.floor((judged.length - 1) / 2)]!;
  const rest = (factor: number) => Math.min(LONGEST_REST_MS, factor * typicalMs);
  return { restMs: rest(REST_FACTOR), hastenedMs: rest(HASTENED_REST_FACTOR) };
}

/** Appends a poll's duration and drops those that no longer count. */
export const addPoll = (pollsMs: readonly number[], pollMs: number): number[] =>
  [...pollsMs, pollMs].slice(-JUDGED_POLLS);
