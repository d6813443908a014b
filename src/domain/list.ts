import type { FilterDetail } from './detail.ts';
import type { Severity } from './finding/severity.ts';
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
  /**
   * Names of any of the job's nodes, read as for `user`; one that no node has may be a list as Slurm writes
   * it, `n[1-8,12]`. All lists together have at most `MAX_LISTED_NODES` names.
   */
  readonly node?: OneOrMore<string>;
  /**
   * Whole values, read as for `user`, and as their row in `DETAILS` says. A partition also matches a pending
   * job that names it among others.
   */
  readonly details?: Readonly<Partial<Record<FilterDetail, OneOrMore<string>>>>;
  /**
   * Kinds of findings of the job's latest run (domain finding), as it was last judged: while it runs, and
   * once it has ended.
   */
  readonly finding?: OneOrMore<string>;
  /** Severities of its findings. */
  readonly severity?: OneOrMore<Severity>;
  /** SLUIDs of any of the job's runs. */
  readonly sluid?: OneOrMore<string>;
  /** Only jobs that ended at or after this time or have not ended. */
  readonly sinceMs?: number;
  /** Only jobs that started at or before this time. */
  readonly untilMs?: number;
  /** A job that does not have the figure matches no range of it. */
  readonly ranges?: JobRanges;
  /** Part of the id or of the user's name; ASCII letters match in either case. */
  readonly text?: string;
}

/** Most nodes that the lists in a filter may have together. */
export const MAX_LISTED_NODES = 10_000;

/**
 * The figures of a job that lists can be filtered by. `runtime` and `wait` in milliseconds: from start to end
 * without suspended time, and from submission to start (or to an end without one), both so far if that is yet
 * to come. `nodes`, once there are some. `cpuUsage` and `gpuUsage` 0 to 100, `memoryUsage` in MB of 2^20
 * bytes, `memoryPercent` of the limit: all as `combineUsage` has them, and only where they were measured.
 */
export const JOB_FIGURES = [
  ...(['runtime', 'wait', 'nodes', 'cpus', 'gpus'] as const),
  ...(['cpuUsage', 'memoryUsage', 'memoryPercent', 'gpuUsage'] as const),
] as const;
export type JobFigure = (typeof JOB_FIGURES)[number];

/** Numbers from `min` to `max`, both included. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}
export type JobRanges = Readonly<Partial<Record<JobFigure, Range>>>;

/** In a list by CPU or memory usage, a job that was not measured has 0, as the API shows it. */
export const JOB_SORTS = [
  ...(['startTime', 'endTime', 'runtime', 'wait', 'nodes', 'cpus', 'gpus'] as const),
  ...(['cpuUsage', 'memoryUsage', 'gpuUsage'] as const),
] as const;
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
   * The end assumed for a job that has not ended; required with `sinceMs`, and with ranges of and sorts by
   * runtime and wait. All pages of one list must use the same value; later ends are ignored.
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
