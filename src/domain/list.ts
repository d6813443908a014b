import type { FilterDetail } from './detail.ts';
import type { Job, JobState } from './job.ts';

type OneOrMore<Value> = Value | readonly Value[];

/** Which jobs to list. A part left out matches everything, of several values (at most 100) any may match, and all parts have to. */
export interface JobFilter {
  readonly state?: OneOrMore<JobState>;
  /** Whole names. One with commas that nobody has stands for the names between its commas. */
  readonly user?: OneOrMore<string>;
  /** Any of the job's nodes; names as for `user`. */
  readonly node?: OneOrMore<string>;
  /** Whole values, names as for `user`; a partition is also one of several that a waiting job names. */
  readonly details?: Readonly<Partial<Record<FilterDetail, OneOrMore<string>>>>;
  /** SLUIDs of runs, also of earlier ones. */
  readonly sluid?: OneOrMore<string>;
  /** Only jobs that were there at or after this time: ended then or later, or have not ended. */
  readonly sinceMs?: number;
  /** Only jobs that started at or before this time. */
  readonly untilMs?: number;
  readonly minRuntimeMs?: number;
  /** Part of the id or of the user's name, upper and lower case of ASCII letters being the same. */
  readonly text?: string;
}

export const JOB_SORTS = ['startTime', 'endTime', 'runtime', 'cpuUsage', 'memoryUsage', 'gpuUsage'] as const;
export type JobSort = (typeof JOB_SORTS)[number];

/** Ties are in the order of the ids; jobs without the value come last, whatever the direction. */
export interface JobOrder {
  readonly sort: JobSort;
  readonly isAscending: boolean;
}

export const NEWEST_FIRST: JobOrder = { sort: 'startTime', isAscending: false };

/** A place in an ordered list: right behind this job. */
export interface JobPosition {
  /** What the list is sorted by: milliseconds, percent or megabytes; null when the job has no such value. */
  readonly value: number | null;
  readonly id: string;
}

/** Where a list starts and how it is sorted. */
export interface ListStart {
  /** `NEWEST_FIRST` when left out. */
  readonly order?: JobOrder;
  readonly after?: JobPosition;
  /** Jobs to skip behind the start. */
  readonly offset?: number;
  /**
   * What "now" is for a job that has not ended; needed with `sinceMs`, `minRuntimeMs` and the sort by runtime. All pages
   * of one list take the same, so that they fit together: an end after it does not count for them.
   */
  readonly nowMs?: number;
}

export interface Page extends ListStart {
  readonly limit: number;
}

export interface JobPage {
  readonly jobs: Job[];
  /** All matches, on whatever page. */
  readonly total: number;
  /** Where the next page starts; absent when there is none. */
  readonly next?: JobPosition;
}
