import type { FilterDetail } from './detail.ts';
import type { Job, JobState } from './job.ts';

type OneOrMore<Value> = Value | readonly Value[];

/**
 * A filter for jobs. An omitted field matches every job; a field with several values (at most 100) matches
 * any of them; all given fields must match.
 */
export interface JobFilter {
  readonly state?: OneOrMore<JobState>;
  /** Whole names. A name with commas that no user has means the names between its commas. */
  readonly user?: OneOrMore<string>;
  /** Names of any of the job's nodes, read as for `user`. */
  readonly node?: OneOrMore<string>;
  /** Whole values, read as for `user`. A partition also matches a pending job that names it among others. */
  readonly details?: Readonly<Partial<Record<FilterDetail, OneOrMore<string>>>>;
  /** SLUIDs of any of the job's runs. */
  readonly sluid?: OneOrMore<string>;
  /** Only jobs that ended at or after this time or have not ended. */
  readonly sinceMs?: number;
  /** Only jobs that started at or before this time. */
  readonly untilMs?: number;
  readonly minRuntimeMs?: number;
  /** Part of the id or of the user's name; ASCII letters match in either case. */
  readonly text?: string;
}

export const JOB_SORTS = ['startTime', 'endTime', 'runtime', 'cpuUsage', 'memoryUsage', 'gpuUsage'] as const;
export type JobSort = (typeof JOB_SORTS)[number];

/** Ties are in order of id. Jobs without the value come last in either direction. */
export interface JobOrder {
  readonly sort: JobSort;
  readonly isAscending: boolean;
}

export const NEWEST_FIRST: JobOrder = { sort: 'startTime', isAscending: false };

/** A place in an ordered list: after this job. */
export interface JobPosition {
  /**
   * The value that the list is sorted by: milliseconds,
   * percent or MB of 2^20 bytes; null if the job has none.
   */
  readonly value: number | null;
  readonly id: string;
}

/** Where a list starts and how it is sorted. */
export interface ListStart {
  /** `NEWEST_FIRST` if omitted. */
  readonly order?: JobOrder;
  readonly after?: JobPosition;
  /** Jobs to skip after the start. */
  readonly offset?: number;
  /**
   * The end assumed for a job that has not ended; required with `sinceMs`, `minRuntimeMs` and the sort by
   * runtime. All pages of one list must use the same value; later ends are ignored.
   */
  readonly nowMs?: number;
}

export interface Page extends ListStart {
  readonly limit: number;
}

export interface JobPage {
  readonly jobs: Job[];
  /** Number of matches on all pages. */
  readonly total: number;
  /** The start of the next page; absent on the last one. */
  readonly next?: JobPosition;
}
