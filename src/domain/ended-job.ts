import type { JobState } from './job.ts';

/** What an overview of a cluster needs of a job that has ended. */
export interface EndedJob {
  readonly id: string;
  readonly user: string;
  readonly account?: string;
  readonly state: JobState;
  /** In the scheduler's own word. */
  readonly rawState?: string;
  /** The first of its nodes; absent if it had none. */
  readonly node?: string;
  /** Absent if it never started. */
  readonly startTimeMs?: number;
  readonly endTimeMs: number;
  readonly suspendedSeconds: number;
}
