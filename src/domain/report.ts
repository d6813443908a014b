import type { JobDetails } from './detail.ts';
import type { JobState } from './job.ts';

/**
 * The source of a report: the API, a job's absence from the queue, squeue, a hook of Slurm, sacct, or a
 * completion record of Slurm (jobcomp/elasticsearch).
 */
export const SOURCES = ['api', 'absence', 'squeue', 'hook', 'sacct', 'jobcomp'] as const;
export type Source = (typeof SOURCES)[number];

/**
 * What one source says about one run of one job; unknown fields are absent. Times in milliseconds since 1970.
 */
export interface Report extends JobDetails {
  readonly source: Source;
  /** When the source looked, or when the change that it reports happened. */
  readonly observedMs: number;
  /** The scheduler's number of the job; each task of an array has its own. */
  readonly id: string;
  readonly user?: string;
  /** Expanded, in the scheduler's order; absent while none are assigned. */
  readonly nodes?: readonly string[];
  readonly state?: JobState;
  /** Absent while the job has not started. */
  readonly startTimeMs?: number;
  /** The start is a hook's own clock, which is later than the scheduler's. */
  readonly isStartRough?: boolean;
  readonly endTimeMs?: number;
}
