import type { JobDetails } from './detail.ts';
import type { FindingKind } from './finding/severity.ts';

export const JOB_STATES = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

export const MAX_NODES = 100_000;
/** 2^33 MB is 8 PB: above any node, below the point where bytes leave the exact integers of a double. */
export const MAX_MEMORY_MB = 2 ** 33;

/** A job to be created. */
export interface NewJob {
  readonly id: string;
  readonly user: string;
  readonly nodes: readonly string[];
  readonly details?: JobDetails;
}

export const MAX_BATCH_JOBS = 10_000;

/** Changes of a job over the API; only fields that are given change. */
export interface JobPatch {
  readonly state?: JobState;
  /** 0 to 100, as in `Sample`. */
  readonly cpuUsage?: number;
  /** MB of 2^20 bytes on the job's first node. */
  readonly memoryUsageMb?: number;
  /** 0 to 100, as in `Sample`. */
  readonly gpuUsage?: number;
  /** Added to the details that are known. */
  readonly details?: JobDetails;
}

/**
 * A job as stored: its latest run, with its current usage (`combineUsage`). Times in milliseconds since 1970.
 */
export interface Job {
  readonly id: string;
  readonly user: string;
  /** Empty while the scheduler has assigned none. */
  readonly nodes: readonly string[];
  readonly state: JobState;
  /** Absent while the job has not started. */
  readonly startTimeMs?: number;
  /** Present exactly when the job has ended. */
  readonly endTimeMs?: number;
  /** 0 to 100, as in `Sample`; 0 until it is measured. */
  readonly cpuUsage: number;
  /** MB of 2^20 bytes, all nodes together; 0 until it is measured. */
  readonly memoryUsageMb: number;
  /** 0 to 100, as in `Sample`; absent until it is measured. */
  readonly gpuUsage?: number;
  /** When the newest known usage was measured; absent until the job is measured. */
  readonly usageTimeMs?: number;
  readonly details?: JobDetails;
  /** The worst that rules found of it, as it is kept for lists; absent if nothing was found so far. */
  readonly finding?: FindingKind;
  /** Whether the end is Slurm's own word, not a guess; absent unless a scheduler reported an end. */
  readonly isEndConfirmed?: boolean;
}

/** A job loaded with its past, as when a site moves in. */
export interface PastJob extends NewJob {
  readonly state: JobState;
  readonly startTimeMs: number;
  /** The start is the server's own clock, so a repeat may have another. */
  readonly stamped?: boolean;
  /** Present exactly when the job has ended. */
  readonly endTimeMs?: number;
}

/** Where a job is in its life. */
export interface JobLife {
  readonly state: JobState;
  /** When it started; while it has not, the time that orders it in lists. */
  readonly startTimeMs: number;
  readonly hasStarted: boolean;
  /** Set exactly when the job has ended. */
  readonly endTimeMs: number | undefined;
}

/** Returns the state and start of a job created at `nowMs`, which runs from then on. */
export const lifeOfNew = (nowMs: number) => ({ state: 'running', startTimeMs: nowMs }) as const;

/** Returns a job just created, as it would be read back. */
export function newJob({ id, user, nodes, details = {} }: NewJob, nowMs: number): Job {
  const known = Object.keys(details).length > 0 ? { details } : {};
  return { id, user, nodes, ...lifeOfNew(nowMs), cpuUsage: 0, memoryUsageMb: 0, ...known };
}

export const hasEnded = (state: JobState): boolean => state !== 'pending' && state !== 'running';

/**
 * Returns the life of a job after the API moved it to `state` at `nowMs`. An end sets the end time, not
 * before the start even if the clock went back; a job that had ended keeps its end time; pending and running
 * clear it. A job that had not started starts now if it runs.
 */
export function changeState(life: JobLife, state: JobState, nowMs: number): JobLife {
  if (hasEnded(state))
    return { ...life, state, endTimeMs: life.endTimeMs ?? Math.max(nowMs, life.startTimeMs) };
  if (state === 'pending' || life.hasStarted) return { ...life, state, endTimeMs: undefined };
  return { state, startTimeMs: nowMs, hasStarted: true, endTimeMs: undefined };
}

/** Returns the seconds from the start to the end, or to now, less those spent suspended; never negative. */
export function runtimeSeconds(
  startTimeMs: number,
  endTimeMs: number | null | undefined,
  nowMs: number,
  suspendedSeconds = 0,
): number {
  return Math.max(0, (endTimeMs ?? nowMs) - startTimeMs - 1000 * suspendedSeconds) / 1000;
}

/** Numbers of jobs by state; all five states are present. */
export type StateCounts = Record<JobState, number>;

/** Returns whether a job of a batch agrees with the stored job of the same id. */
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
