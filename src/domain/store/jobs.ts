import type { ArrayTask } from '../array-task.ts';
import type { Job, JobPatch, NewJob, PastJob } from '../job.ts';
import type { JobFilter, JobPage, ListStart, Page } from '../list.ts';
import type { NameKind } from '../name.ts';
import type { AuditEntry } from './access.ts';
import type { BatchResult } from './batch.ts';

/** Jobs: created, changed, deleted, read and listed. See `Store` for the promises of all methods. */
export interface JobStore {
  /** Creates a running job that starts at `nowMs`. Rejects with `conflict` if the id exists. */
  createJob(job: NewJob, nowMs: number): Promise<Job>;

  /**
   * Creates jobs with a past, as a batch. A row whose id exists counts as
   * repeated if the stored job agrees with it (the start time is not compared
   * if the row is `stamped`); otherwise it is refused with `conflict`.
   */
  createJobs(jobs: readonly PastJob[]): Promise<BatchResult>;

  /** Returns a job with the details of its latest run. Rejects with `not_found`. */
  getJob(id: string): Promise<Job>;

  /**
   * Changes the fields given in `patch` and returns the job after the change. Usage replaces what all nodes
   * of the job reported. Rejects with `not_found`.
   */
  updateJob(id: string, patch: JobPatch, nowMs: number): Promise<Job>;

  /**
   * Deletes a job, its runs and its samples, and stores `entry` in the audit record. The id may then be used
   * again. Rejects with `not_found`.
   */
  deleteJob(id: string, entry?: AuditEntry): Promise<void>;

  /**
   * Returns one page of jobs: newest start first unless `page.order` is given, ties in order of id. Following
   * `next` lists no job twice and misses no job that existed from the first page on and kept the value that
   * the list is sorted by.
   *
   * Cost: a list by state, user and at most one node in order of start time costs the same
   * for any number of matches, `total` included. Every other list reads all jobs of its node,
   * user or state, in slices between which other work goes on. Rejects with
   * `validation_error` if such a list would skip more than 100,000 jobs, with `unavailable`
   * if too many such lists are running, and with the reason of `signal` once that is aborted.
   */
  listJobs(filter: JobFilter, page: Page, signal?: AbortSignal): Promise<JobPage>;

  /**
   * Returns the first `MAX_NAMES` names of a kind that begin with a text, in order: those of all jobs there
   * are, and of some that were deleted. Costs the same for any number of jobs.
   */
  listNames(kind: NameKind, prefix: string): Promise<string[]>;

  /**
   * Yields all jobs that match, or the first `limit`, in the order of `listJobs` and with its guarantees from
   * page to page and its errors. Other work goes on between pages.
   */
  streamJobs(
    filter: JobFilter,
    start: ListStart & { readonly limit?: number },
    signal?: AbortSignal,
  ): AsyncIterable<Job[]>;

  /**
   * Returns the tasks of an array in the order of their numbers, the first MAX_ARRAY_TASKS of them, with a
   * summary of all their samples. `nowMs` ends the runtime of those that run. The cost depends on the tasks
   * and on the samples that are not sealed yet; other work goes on meanwhile. Rejects with `not_found` if
   * there is no task.
   */
  readArray(id: string, nowMs: number, signal?: AbortSignal): Promise<ArrayTasks>;
}

/** Tasks of an array. */
export interface ArrayTasks {
  readonly tasks: readonly ArrayTask[];
  /** Whether there are more. */
  readonly isPartial: boolean;
}
