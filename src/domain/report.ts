import type { JobState } from './job.ts';

/** Who says something of a job, the least trusted first. */
export const SOURCES = ['api', 'squeue', 'hook', 'sacct', 'jobcomp'] as const;
export type Source = (typeof SOURCES)[number];

/** What a job was given of one node. */
export interface Allocation {
  readonly node: string;
  readonly cpus?: number;
  readonly memoryMb?: number;
  /** As the scheduler names them: indexes or UUIDs. */
  readonly gpuIds?: readonly string[];
}

/** What a scheduler knows of a run besides its life. A field that nobody gave is absent. */
export interface JobDetails {
  readonly name?: string;
  readonly account?: string;
  readonly partition?: string;
  readonly qos?: string;
  readonly cluster?: string;
  readonly submitTimeMs?: number;
  readonly timeLimitSeconds?: number;
  /** Of the whole job, as are `memoryLimitMb` and `gpus`. */
  readonly cpus?: number;
  readonly memoryLimitMb?: number;
  readonly gpus?: number;
  readonly workDir?: string;
  /** The id of the array that the job is a task of. */
  readonly arrayJobId?: string;
  readonly arrayTaskId?: number;
  readonly exitCode?: number;
  /** The signal that ended it. */
  readonly signal?: number;
  /** The state in the scheduler's own word. */
  readonly rawState?: string;
  /** Why it waits, or why it ended so. */
  readonly reason?: string;
  /** How often it had been requeued before this run. */
  readonly restarts?: number;
  readonly allocations?: readonly Allocation[];
}

/** What one source says of one run of one job. What it does not say is absent. Times in milliseconds since 1970. */
export interface Report extends JobDetails {
  readonly source: Source;
  /** When the source looked, or when what it tells happened. */
  readonly observedMs: number;
  /** The scheduler's own number of the job: an array task has one of its own. */
  readonly id: string;
  readonly user?: string;
  /** Expanded, in the scheduler's order; absent while none is assigned. */
  readonly nodes?: readonly string[];
  readonly state?: JobState;
  /** Absent while it has not started. */
  readonly startTimeMs?: number;
  /** The start is a hook's own clock, some moments after the scheduler's. */
  readonly isStartRough?: boolean;
  readonly endTimeMs?: number;
}
