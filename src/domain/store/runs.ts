import type { Job } from '../job.ts';
import type { Report, Source } from '../report.ts';
import type { Run } from '../run.ts';
import type { PastRun } from '../sizing/past-run.ts';
import type { BatchResult } from './batch.ts';
import type { JobSummary } from './samples.ts';

/** One run of a job, with a summary of its samples. */
export interface JobRun {
  /** Counts from 1, the oldest run. */
  readonly run: number;
  readonly job: Job;
  readonly summary: JobSummary;
}

/** One change to what is known about a job. */
export interface JobEvent {
  /** When the source observed the change, or when it happened; milliseconds since 1970. */
  readonly timeMs: number;
  readonly source: Source;
  /** The new value of each field that changed; null if it is no longer known. */
  readonly change: Readonly<Partial<Record<keyof Run, unknown>>>;
}

/** A job whose end or earlier runs the scheduler has not confirmed. */
export interface Unconfirmed {
  readonly id: string;
  /** Whether the stored job has ended. */
  readonly hasEnded: boolean;
  /** Whether an earlier run is missing or unconfirmed, so that accounting may know more. */
  readonly lacksRuns: boolean;
}

/**
 * Stores reports and counts them by source and result. `unreadable` is the number of records that could not
 * be parsed. Resolves when the reports are on disk.
 */
export type RecordReports = (
  source: Source,
  reports: readonly Report[],
  unreadable?: number,
) => Promise<BatchResult>;

/** Runs of jobs as schedulers report them. See `Store` for the promises of all methods. */
export interface RunStore {
  /**
   * Merges reports about runs into jobs, as a batch (domain `applyReport`): creates jobs, changes them, and
   * records what changed as events. A report without news counts as repeated; one about an unknown job is
   * refused if it names no user.
   */
  applyReports(reports: readonly Report[]): Promise<BatchResult>;

  /**
   * Lists the scheduler's jobs that have not ended, and those reported at or after `sinceMs` whose end or
   * earlier runs are unconfirmed or whose earlier runs are missing. Those reported longest ago come first.
   */
  listUnconfirmed(sinceMs: number): Promise<Unconfirmed[]>;

  /** Lists jobs with a run that ended at or after `sinceMs` and is not their latest, in no order. */
  listRequeued(sinceMs: number): Promise<string[]>;

  /**
   * Yields all runs of a job, the latest first, from one consistent snapshot. Other work goes on between
   * runs. Rejects with `not_found` at the first run.
   */
  streamRuns(id: string, signal?: AbortSignal): AsyncIterable<JobRun>;

  /**
   * Lists what the latest ended runs like that of `job` say of the next one (domain `shapeOf`), the latest
   * first. What they used follows when their samples are sealed, up to an hour after their end.
   */
  listPastRuns(job: Job): Promise<PastRun[]>;

  /** Lists the changes of a job in the order in which they became known. Rejects with `not_found`. */
  listEvents(id: string): Promise<JobEvent[]>;
}
