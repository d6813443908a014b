import type { JobDetails } from './detail.ts';
import type { JobState } from './job.ts';

/**
 * Who says something of a job: somebody over the API; nobody any more, so that it must have gone (`absence`); `squeue`; a
 * hook of Slurm; `sacct`; Slurm's own completion record.
 */
export const SOURCES = ['api', 'absence', 'squeue', 'hook', 'sacct', 'jobcomp'] as const;
export type Source = (typeof SOURCES)[number];

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
