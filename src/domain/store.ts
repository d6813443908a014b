import type { Job, JobPatch, JobState, NewJob, StateCounts } from './job.ts';
import type { NewSample, Sample } from './sample.ts';

/** Which jobs to list. Filters left out match everything; `node` matches any of a job's nodes, whole names only. */
export interface JobFilter {
  readonly state?: JobState;
  readonly user?: string;
  readonly node?: string;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** Both ends are inclusive. */
export interface TimeRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** A job that is loaded with its past, as a site does when it moves in. */
export interface PastJob extends NewJob {
  readonly state: JobState;
  readonly startTimeMs: number;
  /** Present exactly when the state is an end. */
  readonly endTimeMs?: number;
}

export interface JobSample extends NewSample {
  readonly jobId: string;
}

/** Why one row of a batch was not stored; `index` counts from 0 in the order given. */
export interface Refusal {
  readonly index: number;
  readonly error: 'not_found' | 'conflict' | 'validation_error';
  readonly message: string;
}

export interface BatchResult {
  readonly stored: number;
  /** The rows that were not stored, in order. */
  readonly refused: readonly Refusal[];
}

/** What `/metrics` says of one job on one node. A value nobody measured is null. */
export interface LiveSeries {
  readonly jobId: string;
  readonly user: string;
  readonly node: string;
  readonly startTimeMs: number;
  /** Set when the job has ended, and its series are about to vanish. */
  readonly endTimeMs: number | null;
  readonly cpuUsage: number | null;
  readonly memoryUsageMb: number | null;
  readonly gpuUsage: number | null;
}

export interface JobTotals {
  /** Jobs kept, by state; all five states are there. */
  readonly states: StateCounts;
  /** Jobs ever created: it survives deletions and restarts, and never goes down. */
  readonly created: number;
}

/** One attempt to commit a group of writes. */
export interface Commit {
  /** Writes (jobs and samples) in the group. */
  readonly rows: number;
  /** From the start of the transaction to its end on disk. */
  readonly seconds: number;
  readonly failed: boolean;
}

export interface StoreStatus {
  /** Rows accepted and waiting for their commit. */
  readonly queueLength: number;
  /** Size of the database and its write-ahead log. */
  readonly databaseBytes: number;
}

/** How long things are kept, in milliseconds; undefined keeps for ever. */
export interface Retention {
  readonly sampleMs?: number;
  /** Counted from the end of a job; a job that has not ended is kept. */
  readonly jobMs?: number;
}

/**
 * What the service keeps. The contract of every engine, checked by `test/store/contract.ts`:
 *
 * - A write resolves only after it is on disk: the process may be killed at any moment after that.
 * - Writes that arrive together may share a commit; each succeeds or fails by itself, in the order of arrival.
 * - A read that starts after a write has resolved sees it, and no read waits for a write.
 * - Writes reject with AppError: `unavailable` when the queue is full, the engine is closed or the disk refuses
 *   (nothing of that write was kept), otherwise the codes named at each method. Bad values never arrive here: the
 *   caller has validated them.
 * - Time comes in as `nowMs`, milliseconds since 1970; the engine never looks at a clock of its own for data.
 */
export interface Store {
  /** Creates a running job that starts now. `conflict` when the id exists. */
  createJob(job: NewJob, nowMs: number): Promise<Job>;

  /** Creates jobs with their past, in one commit. A row whose id exists is refused with `conflict`; the rest is stored. */
  createJobs(jobs: readonly PastJob[]): Promise<BatchResult>;

  /** `not_found` when there is no such job. */
  getJob(id: string): Promise<Job>;

  /**
   * Changes what `patch` gives (domain `changeState` for the state) and returns the job after it. Usage replaces what
   * all nodes of the job reported. `not_found`.
   */
  updateJob(id: string, patch: JobPatch, nowMs: number): Promise<Job>;

  /** Removes the job and its samples; the id may be used again, and starts empty. `not_found`. */
  deleteJob(id: string): Promise<void>;

  /** Newest start first, ties by id. `total` counts all matches, at a cost that does not grow with them. */
  listJobs(filter: JobFilter, page: Page): Promise<{ jobs: Job[]; total: number }>;

  /**
   * Adds one sample and makes it the current usage of its node (domain `applySample`). Two samples of one millisecond
   * are both kept. `not_found` for the job, `validation_error` for a node that is not one of the job's.
   */
  recordSample(jobId: string, sample: NewSample): Promise<void>;

  /** Adds samples of many jobs in one commit, under the same rules row by row. */
  recordSamples(samples: readonly JobSample[]): Promise<BatchResult>;

  /** The newest `limit` samples of the range, ascending in time; `total` counts all of the range. `not_found`. */
  listSamples(jobId: string, range: TimeRange, limit: number): Promise<{ samples: Sample[]; total: number }>;

  /**
   * One series for every node that reported of the running jobs, and of those that ended at or after
   * `endedSinceMs`; a running job of which no node has reported has one for its first node, without usage. Arrives in pages
   * of one consistent moment; between pages other work goes on.
   */
  liveSeries(endedSinceMs: number): AsyncIterable<LiveSeries[]>;

  countJobs(): Promise<JobTotals>;

  /** Resolves if a write can be committed now, else rejects with `unavailable`. */
  checkWritable(): Promise<void>;

  /**
   * One small step (a few milliseconds) of removing what is older than `retention` allows at `nowMs`. Resolves to
   * whether there is more to remove.
   */
  expire(retention: Retention, nowMs: number): Promise<boolean>;

  status(): StoreStatus;

  /** Commits what was accepted, then frees the database. Later calls reject with `unavailable`. */
  close(): Promise<void>;
}
