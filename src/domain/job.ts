import type { JobDetails } from './detail.ts';

export const JOB_STATES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

export const MAX_NODES = 100_000;
/** 2^33 MB is 8 PB: above any node, below the point where bytes leave the exact integers of a double. */
export const MAX_MEMORY_MB = 2 ** 33;

/** A job that is to be made. */
export interface NewJob {
  readonly id: string;
  readonly user: string;
  readonly nodes: readonly string[];
  readonly details?: JobDetails;
}

export const MAX_BATCH_JOBS = 10_000;

/** What of a job is to change; only what is given. */
export interface JobPatch {
  readonly state?: JobState;
  readonly cpuUsage?: number;
  readonly memoryUsageMb?: number;
  readonly gpuUsage?: number;
  readonly details?: JobDetails;
}

/** A job as it is known; times in milliseconds since 1970, usage in percent. */
export interface Job {
  readonly id: string;
  readonly user: string;
  /** None while the scheduler has assigned none. */
  readonly nodes: readonly string[];
  readonly state: JobState;
  /** Absent while the scheduler has not started it. */
  readonly startTimeMs?: number;
  /** Present exactly when the job has ended. */
  readonly endTimeMs?: number;
  readonly cpuUsage: number;
  readonly memoryUsageMb: number;
  /** Absent until somebody measured it. */
  readonly gpuUsage?: number;
  /** When the newest usage known was measured; absent until somebody measured the job. */
  readonly usageTimeMs?: number;
  readonly details?: JobDetails;
  /** Of an end that a scheduler told: false while it is only a guess from an exit code or from the job's absence. */
  readonly isEndConfirmed?: boolean;
}

/** A job that is loaded with its past, as a site does when it moves in. */
export interface PastJob extends NewJob {
  readonly state: JobState;
  readonly startTimeMs: number;
  /** The start is the server's own clock, so a repeat may have another. */
  readonly stamped?: boolean;
  /** Present exactly when the state is an end. */
  readonly endTimeMs?: number;
}

/** The part of a job that a state change moves. */
export interface JobLife {
  readonly state: JobState;
  readonly startTimeMs: number;
  readonly endTimeMs: number | null;
}

/** The life of a job that is made at `nowMs`: it runs from then on. */
export const lifeOfNew = (nowMs: number) => ({ state: 'running', startTimeMs: nowMs }) as const;

/** A job just made, as it would be read back: nobody has measured it yet. */
export function newJob({ id, user, nodes, details = {} }: NewJob, nowMs: number): Job {
  const known = Object.keys(details).length > 0 ? { details } : {};
  return { id, user, nodes, ...lifeOfNew(nowMs), cpuUsage: 0, memoryUsageMb: 0, ...known };
}

export const hasEnded = (state: JobState): boolean => state !== 'pending' && state !== 'running';

/**
 * The life of a job after it moved to `state` at `nowMs`: an end sets the end time, never before the start even if the
 * clock went back; a job that had ended keeps its end time when only the verdict changes; going back to pending or
 * running clears it.
 */
export function changeState(life: JobLife, state: JobState, nowMs: number): JobLife {
  if (!hasEnded(state)) return { ...life, state, endTimeMs: null };
  return { ...life, state, endTimeMs: life.endTimeMs ?? Math.max(nowMs, life.startTimeMs) };
}

/** Seconds from start to end of an ended job, or to now, without those for which it was suspended; never negative. */
export function runtimeSeconds(
  startTimeMs: number,
  endTimeMs: number | null | undefined,
  nowMs: number,
  suspendedSeconds = 0,
): number {
  return Math.max(0, (endTimeMs ?? nowMs) - startTimeMs - 1000 * suspendedSeconds) / 1000;
}

/** The counts of jobs by state, all five present. */
export type StateCounts = Record<JobState, number>;

/** Whether a job of a batch says nothing but what is known of the job with its id. */
export function isRepeat(given: PastJob, known: Job): boolean {
  return (
    given.user === known.user &&
    given.state === known.state &&
    (given.stamped === true || given.startTimeMs === known.startTimeMs) &&
    given.endTimeMs === known.endTimeMs &&
    Object.entries(given.details ?? {}).every(
      ([key, value]) => JSON.stringify(value) === JSON.stringify(known.details?.[key as keyof JobDetails]),
    ) &&
    given.nodes.length === known.nodes.length &&
    given.nodes.every((node, position) => node === known.nodes[position])
  );
}
