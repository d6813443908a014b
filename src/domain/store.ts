import type { JobFlow } from './flow.ts';
import type { Job, JobPatch, NewJob, PastJob, StateCounts } from './job.ts';
import type { JobFilter, JobPage, ListStart, Page } from './list.ts';
import type { Readings } from './readings.ts';
import type { Report, Source } from './report.ts';
import type { Run } from './run.ts';
import type { NewSample } from './sample.ts';
import type { Plot } from './spans.ts';
import type { UsageSummary } from './summary.ts';

export type { PastJob } from './job.ts';
export type { JobFilter, Page } from './list.ts';

/** Both ends are inclusive. */
export interface TimeRange {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** Which readings of a job. Without a node: of all its nodes. Ascending in time unless `order` says otherwise. */
export interface ReadingQuery extends TimeRange {
  readonly node?: string;
  /** Which run of the job, the oldest being 1; the latest when left out. */
  readonly run?: number;
  readonly order?: 'asc' | 'desc';
}

/** What is for ever known of a job: it stays when the samples go. */
export interface JobSummary {
  readonly whole: UsageSummary;
  /** The nodes that reported, in the order of the job. */
  readonly nodes: readonly (UsageSummary & { readonly node: string })[];
}

export interface JobSample extends NewSample {
  /** Empty where `sluid` names the run. */
  readonly jobId: string;
  /** Slurm's key of the run that was measured, whatever the time of the sample. */
  readonly sluid?: string;
}

/** Why one row of a batch was not stored; `index` counts from 0 in the order given. */
export interface Refusal {
  readonly index: number;
  readonly error: 'not_found' | 'conflict' | 'validation_error';
  readonly message: string;
}

/** How a batch ended: every row is stored, repeated or refused. */
export interface BatchResult {
  readonly stored: number;
  /** Rows that were there already, and changed nothing. */
  readonly repeated: number;
  readonly refused: number;
  /** The first refusals, at most MAX_REFUSALS, in order. */
  readonly refusals: readonly Refusal[];
}

/** Refusals that a batch explains; the others it only counts. */
export const MAX_REFUSALS = 100;

/** What `/metrics` says of one job on one node. A value nobody measured is null. */
export interface LiveSeries {
  readonly jobId: string;
  readonly user: string;
  readonly node: string;
  readonly startTimeMs: number;
  /** Set when the job has ended, and its series are about to vanish. */
  readonly endTimeMs: number | null;
  readonly suspendedSeconds: number;
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

/** One change of what is known of a job. */
export interface JobEvent {
  /** When the source looked, or when what it tells happened; milliseconds since 1970. */
  readonly timeMs: number;
  readonly source: Source;
  /** What is different, each field as it is from then on; null where it is no longer known. */
  readonly change: Readonly<Partial<Record<keyof Run, unknown>>>;
}

/** A job of a scheduler of which it may have more to say. */
export interface Unsettled {
  readonly id: string;
  /** The store has it as ended. */
  readonly hasEnded: boolean;
  /** An earlier run is not known, or not in the scheduler's own word: accounting may have more to say of it. */
  readonly lacksRuns: boolean;
}

/**
 * Takes up reports and counts them by source and by what became of them; `unreadable` are those of which nothing could be
 * read. Resolves when they are on disk.
 */
export type TakeReports = (
  source: Source,
  reports: readonly Report[],
  unreadable?: number,
) => Promise<BatchResult>;

/** One run of a job, with what its samples come to. */
export interface JobRun {
  /** Counts from 1, the oldest. */
  readonly run: number;
  readonly job: Job;
  readonly summary: JobSummary;
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
  /** Series of samples, chunks and jobs that sealing and retention could not work on since the start, and set aside. */
  readonly setAside: number;
}

/** How long things are kept, in milliseconds; undefined keeps for ever. */
export interface Retention {
  /** Older samples live on as points of 15 minutes (domain `summarize`). */
  readonly sampleMs?: number;
  /** How long those points are kept. */
  readonly summaryMs?: number;
  /** Counted from the end of a job; a job that has not ended is kept. */
  readonly jobMs?: number;
}

/**
 * What the service keeps. The contract of every engine, checked by `test/store/contract.ts`:
 *
 * - A write resolves only after it is on disk: the process may be killed at any moment after that.
 * - Writes that arrive together may share a commit; each succeeds or fails by itself, and finds every write that was
 *   submitted before it. Only a large one (a long batch, a step of `expire`) may be overtaken, by
 *   later small writes.
 * - A read that starts after a write has resolved sees it, and no read waits for a write.
 * - Writes reject with AppError: `unavailable` when the queue is full, the engine is closed, or the disk refuses or is not
 *   where it was opened (nothing of that write was kept), or when the engine has failed for good (it may be kept);
 *   otherwise the codes named at each method. Bad values never arrive here: the caller has validated them.
 * - A batch is stored in order, in parts of some milliseconds each, between which other writes go on. It resolves when all of it
 *   is on disk; when it rejects, the parts before the failure are stored, and sending it again changes nothing of them.
 * - Time comes in as `nowMs`, milliseconds since 1970; the engine never looks at a clock of its own for data.
 */
export interface Store {
  /** Creates a running job that starts now. `conflict` when the id exists. */
  createJob(job: NewJob, nowMs: number): Promise<Job>;

  /**
   * Creates jobs with their past, in parts (see above). A row whose id exists is a repeat when all it says is what is kept
   * (where it is stamped, its start does not count), else it is refused with `conflict`; the rest is stored.
   */
  createJobs(jobs: readonly PastJob[]): Promise<BatchResult>;

  /**
   * Takes up what schedulers say of runs of jobs, in parts (domain `applyReport`): makes jobs, moves them on, and notes
   * what changed. A report that says nothing new is a repeat; one of an unknown job that names no user is refused.
   */
  applyReports(reports: readonly Report[]): Promise<BatchResult>;

  /**
   * Jobs of schedulers that have not ended, and those of which something was told after `sinceMs`, and an end is not
   * confirmed or an earlier run is not known.
   */
  listUnsettled(sinceMs: number): Promise<Unsettled[]>;

  /** A number that the service keeps for itself under a name; undefined when it never did. */
  readNote(name: string): Promise<number | undefined>;
  keepNote(name: string, value: number): Promise<void>;

  /** All runs of a job, the latest first, of one consistent moment; between two runs other work goes on. `not_found` comes with the first. */
  streamRuns(id: string, signal?: AbortSignal): AsyncIterable<JobRun>;

  /** What changed of a job, as it came to be known. `not_found`. */
  listEvents(id: string): Promise<JobEvent[]>;

  /** `not_found` when there is no such job. */
  getJob(id: string): Promise<Job>;

  /**
   * Changes what `patch` gives (domain `changeState` for the state) and returns the job after it. Usage replaces what
   * all nodes of the job reported. `not_found`.
   */
  updateJob(id: string, patch: JobPatch, nowMs: number): Promise<Job>;

  /** Removes the job, its runs and its samples; the id may be used again, and starts empty. `not_found`. */
  deleteJob(id: string): Promise<void>;

  /**
   * Returns a page of jobs, newest start first unless `page.order` says otherwise, ties by id. Page by page from `next` to
   * `next`, no job is listed twice, and none is missed that was there from the start and kept its value; jobs may arrive
   * meanwhile. A list by state, user and at most one node, in the order of start times, costs the same
   * however many jobs match, `total` included; any other reads all the jobs of its node, user or state. A page that takes
   * long is read in slices, between which other work goes on. `validation_error` when a list that is read job by job is to
   * skip more than 100,000 jobs, `unavailable` when too many such lists are being read. Rejects with the reason of `signal` at
   * the next slice once that is aborted.
   */
  listJobs(filter: JobFilter, page: Page, signal?: AbortSignal): Promise<JobPage>;

  /** Returns all matches of a list, or the first `limit`, as from page to page. Between pages other work goes on. */
  streamJobs(
    filter: JobFilter,
    start: ListStart & { readonly limit?: number },
    signal?: AbortSignal,
  ): AsyncIterable<Job[]>;

  /**
   * Adds one sample and makes it the current usage of its node (domain `applySample`). Two samples of one millisecond
   * are both kept. `not_found` for the job, `validation_error` for a node that is not one of the job's.
   */
  recordSample(jobId: string, sample: NewSample): Promise<void>;

  /**
   * Adds samples of many jobs in parts, under the same rules row by row, in order. One that is not stamped is a
   * repeat when a sample of the same job, node and time is kept already, and changes nothing, so that a sender may retry.
   */
  recordSamples(samples: readonly JobSample[]): Promise<BatchResult>;

  /**
   * The newest `limit` readings that match, in the order asked for; `total` counts all of them. `not_found` for the
   * job, `validation_error` for a node that is not one of the job's. Like all reads of samples, it works in slices beside
   * other requests, and rejects with the reason of `signal` at the next slice once that is aborted.
   */
  listSamples(
    jobId: string,
    query: ReadingQuery,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ samples: Readings; total: number }>;

  /**
   * All readings that match, in at most `maxPoints` points of equal spans (domain `plotSpans`); spans without readings
   * have no point. The errors of `listSamples`.
   */
  plotSamples(jobId: string, query: ReadingQuery, maxPoints: number, signal?: AbortSignal): Promise<Plot>;

  /**
   * All readings that match, in order and in batches, of one consistent moment; memory is bounded however many they are.
   * The errors of `listSamples` come with the first batch.
   */
  streamSamples(jobId: string, query: ReadingQuery, signal?: AbortSignal): AsyncIterable<Readings>;

  /** What all samples of a job come to, kept as long as the job; of a running job: to now. Of its latest run unless `run` says another. `not_found`. */
  summarizeJob(jobId: string, run?: number, signal?: AbortSignal): Promise<JobSummary>;

  /**
   * One series for every node that reported of the running jobs, and of those that ended at or after
   * `endedSinceMs`; a running job of which no node has reported has one for its first node, without usage. Arrives in pages
   * of one consistent moment; between pages other work goes on.
   */
  liveSeries(endedSinceMs: number): AsyncIterable<LiveSeries[]>;

  countJobs(): Promise<JobTotals>;

  /** How jobs go through the cluster; costs the same however many there are, and its counters never go down. */
  countFlow(): Promise<JobFlow>;

  /** Resolves if a write can be committed now, else rejects with `unavailable`. */
  checkWritable(): Promise<void>;

  /**
   * One small step (a few milliseconds) of sealing samples, and of removing what is older than `retention` allows at
   * `nowMs`. Resolves to whether there is more to do. What cannot be worked on is set aside, logged once and counted
   * (`status`), and the rest goes on.
   */
  expire(retention: Retention, nowMs: number): Promise<boolean>;

  status(): StoreStatus;

  /** Commits what was accepted, then frees the database. Later calls reject with `unavailable`. */
  close(): Promise<void>;
}
