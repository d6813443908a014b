import type { EndedJob } from '../ended-job.ts';
import type { StateCounts } from '../job.ts';
import type { LiveMeasures } from '../live-measures.ts';
import type { ReceivedReport } from '../node-report.ts';
import type { NodeJob } from '../nodes/node-job.ts';
import type { RunningJob } from '../running-job.ts';
import type { Throughput } from '../throughput.ts';
import type { FindingCount } from './tallies.ts';

/** The `/metrics` series of one job on one node. A value that was not measured is null. */
export interface LiveSeries {
  readonly jobId: string;
  readonly user: string;
  readonly node: string;
  readonly account: string | null;
  readonly partition: string | null;
  readonly startTimeMs: number;
  /** The end of a job whose series are about to disappear; null if it is running. */
  readonly endTimeMs: number | null;
  readonly suspendedSeconds: number;
  /** 0 to 100, as in `Sample`. */
  readonly cpuUsage: number | null;
  readonly memoryUsageMb: number | null;
  /** 0 to 100, as in `Sample`. */
  readonly gpuUsage: number | null;
  /** Absent if no sample had any. */
  readonly measures?: LiveMeasures;
}

export interface JobTotals {
  /** Stored jobs by state; all five states are present. */
  readonly states: StateCounts;
  /** Jobs ever created. Survives deletions and restarts, and never decreases. */
  readonly created: number;
}

/**
 * What a scrape of `/metrics`, the overview of the cluster and its nodes read. See `Store` for the promises
 * of all methods.
 */
export interface LiveStore {
  /**
   * Yields one series for each node that reported of the jobs that are running or ended at or after
   * `endedSinceMs`; those of one job follow each other. A running job without any report has one series, of
   * its first node, without usage. Pages come from one consistent snapshot; other work goes on between them.
   */
  liveSeries(endedSinceMs: number): AsyncIterable<LiveSeries[]>;

  /**
   * Yields the newest report of each node that reported within 30 days, in the order of their names. Pages
   * come from one consistent snapshot.
   */
  nodeReports(): AsyncIterable<ReceivedReport[]>;

  /**
   * Yields the running jobs, the earliest start first, with what an overview needs of them. Pages come from
   * one consistent snapshot; other work goes on between them.
   */
  runningJobs(): AsyncIterable<RunningJob[]>;

  /** Yields the jobs that ended at or after `sinceMs`, the latest end first, as `runningJobs` does. */
  endedJobs(sinceMs: number): AsyncIterable<EndedJob[]>;
  /** Returns the newest report of a node; undefined if it never reported, or not within 30 days. */
  nodeReport(node: string): Promise<ReceivedReport | undefined>;

  /**
   * Yields what running jobs have of each of their nodes, or of one node, those that started first before
   * others. What a job of several nodes has of each is as its Prologs said, and else an equal part. Pages
   * come from one consistent snapshot; other work goes on between them.
   */
  nodeJobs(node?: string): AsyncIterable<NodeJob[]>;

  /** Counts jobs by state, and all that were ever created. */
  countJobs(): Promise<JobTotals>;

  /**
   * Reads the throughput counters. They never decrease, and
   * reading them costs the same for any number of jobs.
   */
  countThroughput(): Promise<Throughput>;

  /** Counts the stored runs that ended with each kind and severity of finding. */
  countFindings(): Promise<FindingCount[]>;

  /** Counts the running jobs that have each kind and severity of finding; costs the same for any number. */
  countRunningFindings(): Promise<FindingCount[]>;
}
