import { hasEnded, type JobState } from './job.ts';

/** Upper bounds of the histogram of queue waits, in seconds: from a second to a week. */
export const WAIT_BOUNDS_SECONDS = [
  1, 10, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800,
] as const;

/**
 * Reports older than this (an import's, say) are not counted, so that they do not appear in today's rates.
 */
const MAX_AGE_MS = 24 * 3_600_000;

/** What the throughput counters depend on. Times in milliseconds since 1970. */
interface RunTimes {
  readonly state: JobState;
  readonly startTimeMs?: number | undefined;
  readonly endTimeMs?: number | undefined;
  readonly submitTimeMs?: number | undefined;
}

/** A number of jobs or runs of one partition in one state; the partition is empty where none is known. */
export interface PartitionCount {
  readonly partition: string;
  readonly state: JobState;
  readonly count: number;
}

/** The throughput counters: how jobs pass through the cluster. */
export interface Throughput {
  /** Jobs pending and running now. */
  readonly live: readonly PartitionCount[];
  /** Runs that have ended since counting began. */
  readonly finished: readonly PartitionCount[];
  readonly waits: {
    /** Runs by the upper bound of their wait in seconds, each counted once; Infinity is the last bound. */
    readonly runs: ReadonlyMap<number, number>;
    readonly totalSeconds: number;
  };
}

/** What one change of a run adds to the counters. */
export interface Tally {
  readonly finished?: Omit<PartitionCount, 'count'>;
  readonly waitMs?: number;
}

const NOTHING: Tally = {};

/**
 * Returns what the counters gain when a run changes from `before` to `after`, reported at `reportedMs`.
 * `before` has several runs if they turned out to be one, and none for a new run. Each run counts once, with
 * its first verdict and its first known wait, so that counters never decrease.
 */
export function tallyRun(
  before: readonly RunTimes[],
  after: RunTimes & { readonly partition?: string | undefined },
  reportedMs: number,
): Tally {
  const isFinished = isNewlyEnded(before, after, reportedMs);
  const waitMs = newWaitMs(before, after, reportedMs);
  if (!isFinished && waitMs === undefined) return NOTHING;
  const { partition = '', state } = after;
  return { ...(isFinished && { finished: { partition, state } }), ...(waitMs !== undefined && { waitMs }) };
}

function isNewlyEnded(before: readonly RunTimes[], after: RunTimes, reportedMs: number): boolean {
  return (
    hasEnded(after.state) &&
    !before.some(({ state }) => hasEnded(state)) &&
    reportedMs - (after.endTimeMs ?? reportedMs) <= MAX_AGE_MS
  );
}

/**
 * Returns the milliseconds from submission to start, unless they were known before or are too old to count.
 */
function newWaitMs(before: readonly RunTimes[], after: RunTimes, reportedMs: number): number | undefined {
  const waitMs = waitOf(after);
  if (waitMs === undefined || before.some((run) => waitOf(run) !== undefined)) return undefined;
  return reportedMs - after.startTimeMs! <= MAX_AGE_MS ? waitMs : undefined;
}

function waitOf({ state, startTimeMs, submitTimeMs }: RunTimes): number | undefined {
  if (state === 'pending' || startTimeMs === undefined || submitTimeMs === undefined) return undefined;
  return Math.max(0, startTimeMs - submitTimeMs);
}

/** Returns the bound of WAIT_BOUNDS_SECONDS that a wait falls under; Infinity beyond the last. */
export const waitBound = (waitMs: number): number =>
  WAIT_BOUNDS_SECONDS.find((bound) => waitMs <= bound * 1000) ?? Infinity;
