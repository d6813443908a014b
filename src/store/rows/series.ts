import type { NewSample, Usage } from '../../domain/sample.ts';

/**
 * A run of a job on one node, and its current usage: rows
 * of `usage` and `latest`, with all samples so far applied.
 */
export interface Series {
  /** `usage.id`; undefined until it has reported. */
  id: number | undefined;
  readonly job: number;
  readonly node: number;
  usage: Usage | undefined;
  /** The smallest and largest time of all samples there ever were; null if there was none. */
  oldestMs: number | null;
  newestMs: number | null;
  /** Whether `latest`, and `usage.oldest`, are written. */
  isSaved: boolean;
  isOldestSaved: boolean;
}

/** How a sample names its series. Without a node: that of the job's first node. */
export interface SeriesName {
  readonly jobId: string;
  readonly node?: string;
}

/** The columns of a series in the database. */
export type SeriesRow = [
  job: number,
  node: number,
  id: number | null,
  timeMs: number | null,
  cpuUsage: number | null,
  memoryUsageMb: number | null,
  gpuUsage: number | null,
  oldestMs: number | null,
  newestMs: number | null,
];

/** A series that was looked up by a name. */
export interface FoundSeries {
  readonly name: SeriesName;
  /** Undefined if the job does not run on this node. */
  readonly row: SeriesRow | undefined;
  readonly isFirst: boolean;
  /**
   * When the latest run of the job started (Infinity while
   * it is pending); undefined if there is no earlier run.
   */
  readonly latestStartMs: number | undefined;
}

/** Makes a series of its row. */
export function seriesOf(row: SeriesRow): Series {
  const [job, node, id, timeMs, cpuUsage, memoryUsageMb, gpuUsage, oldestMs, newestMs] = row;
  return {
    id: id ?? undefined,
    job,
    node,
    usage: timeMs === null ? undefined : { timeMs, cpuUsage, memoryUsageMb, gpuUsage },
    oldestMs,
    newestMs,
    isSaved: true,
    isOldestSaved: true,
  };
}

/** Makes the span of a series contain a time. */
export function widenSpan(series: Series, timeMs: number): void {
  if (series.oldestMs === null || timeMs < series.oldestMs) {
    series.oldestMs = timeMs;
    series.isOldestSaved = false;
  }
  if (series.newestMs === null || timeMs > series.newestMs) series.newestMs = timeMs;
}

/**
 * Returns whether a sample may be stored already. Samples that the server stamped never are, nor are those
 * outside of the span of all samples of the series: nearly all samples are newer, and so cost no look-up.
 */
export const mayBeRepeat = ({ oldestMs, newestMs }: Series, { timeMs, stamped }: NewSample): boolean =>
  !stamped && oldestMs !== null && newestMs !== null && timeMs >= oldestMs && timeMs <= newestMs;

/** Returns the times of a series, an empty set at first. */
export function timesOf(all: Map<Series, Set<number>>, series: Series): Set<number> {
  const times = all.get(series) ?? new Set();
  all.set(series, times);
  return times;
}
