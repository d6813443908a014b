import { hasEnded, type JobState } from './job.ts';

/** Upper bounds of the queue waits that are told apart, in seconds: from a second to a week. */
export const WAIT_BOUNDS_SECONDS = [
  1, 10, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800,
] as const;

/** What is told later than this after it happened is the past, such as an import brings: no rate of today should show it. */
const LATEST_MS = 24 * 3_600_000;

/** What the flow of jobs depends on, of one run. Times in milliseconds since 1970. */
export interface Passage {
  readonly state: JobState;
  readonly startTimeMs?: number | undefined;
  readonly endTimeMs?: number | undefined;
  readonly submitTimeMs?: number | undefined;
}

/** Jobs of one partition in one state; the partition is empty where none is known. */
export interface PartitionCount {
  readonly partition: string;
  readonly state: JobState;
  readonly count: number;
}

/** How jobs go through the cluster. */
export interface JobFlow {
  /** Jobs that wait or run. */
  readonly live: readonly PartitionCount[];
  /** Runs that have ended, ever since they are counted. */
  readonly finished: readonly PartitionCount[];
  readonly waits: {
    /** Runs that waited so long at most, and longer than the bound before; Infinity is the last. */
    readonly runs: ReadonlyMap<number, number>;
    readonly totalSeconds: number;
  };
}

/**
 * Whether a run has ended, and had not as it was known `before` (as several, if they turned out to be one). So each run
 * counts once, by its first verdict: a counter never goes down, and a later word of Slurm's moves nothing.
 */
export function isNewlyEnded(before: readonly Passage[], after: Passage, toldMs: number): boolean {
  return (
    hasEnded(after.state) &&
    !before.some(({ state }) => hasEnded(state)) &&
    toldMs - (after.endTimeMs ?? toldMs) <= LATEST_MS
  );
}

/** How long a run waited, if that was not known `before`; from its submission to its start, in milliseconds. */
export function newWaitMs(before: readonly Passage[], after: Passage, toldMs: number): number | undefined {
  const waitMs = waitOf(after);
  if (waitMs === undefined || before.some((run) => waitOf(run) !== undefined)) return undefined;
  return toldMs - after.startTimeMs! <= LATEST_MS ? waitMs : undefined;
}

function waitOf({ state, startTimeMs, submitTimeMs }: Passage): number | undefined {
  if (state === 'pending' || startTimeMs === undefined || submitTimeMs === undefined) return undefined;
  return Math.max(0, startTimeMs - submitTimeMs);
}

/** The bound of WAIT_BOUNDS_SECONDS that a wait falls under; Infinity beyond the last. */
export const waitBound = (waitMs: number): number =>
  WAIT_BOUNDS_SECONDS.find((bound) => waitMs <= bound * 1000) ?? Infinity;
