import type { Database } from 'bun:sqlite';
import {
  addSample,
  joinTotals,
  type RunningTotals,
  summarizeJob,
  type UsageSummary,
  type UsageTotals,
} from '../../../domain/summary.ts';
import { type UnsealedSeries, unsealedReader } from './unsealed.ts';

/** Jobs whose series are looked up in one statement. */
const JOBS_AT_ONCE = 100;
/** Series read or summarized between two yields. */
const STEP_SERIES = 500;
/** Series whose totals are kept, about 200 bytes each; jobs beyond have no summary. */
const MAX_SERIES = 250_000;

interface SeriesRow extends UnsealedSeries, UsageTotals {
  readonly place: number;
}

interface Series extends UnsealedSeries {
  readonly place: number;
  readonly totals: RunningTotals;
}

/**
 * Summarizes all samples of the latest runs of many jobs, as `summarizeJob` does of one, in one pass over the
 * log. The caller must hold one transaction.
 */
export function manySummarizer(db: Database) {
  const log = unsealedReader(db);
  const selectSeries = db.query<SeriesRow, [string]>(
    `WITH wanted AS MATERIALIZED (SELECT key AS place, value AS job FROM json_each(?)),
          own AS MATERIALIZED (
            SELECT place, job FROM wanted UNION ALL
            SELECT place, run FROM wanted CROSS JOIN joined_run ON joined_run.owner = wanted.job)
     SELECT place, usage.id, usage.node, usage.sealed, oldest AS oldestMs, newest AS newestMs,
            ifnull(samples, 0) AS samples, ifnull(cpu_sum, 0) AS cpuSum, cpu_max AS cpuMax,
            ifnull(memory_sum, 0) AS memorySum, memory_max AS memoryMax,
            ifnull(gpu_samples, 0) AS gpuSamples, ifnull(gpu_sum, 0) AS gpuSum, gpu_max AS gpuMax
       FROM own CROSS JOIN usage ON usage.job = own.job JOIN latest ON latest.usage = usage.id
            LEFT JOIN sealed_total ON sealed_total.usage = usage.id`,
  );

  function* readSeries(jobs: readonly number[]): Generator<undefined, Series[]> {
    const found: Series[] = [];
    for (let from = 0; from < jobs.length && found.length < MAX_SERIES; from += JOBS_AT_ONCE) {
      const part = JSON.stringify(jobs.slice(from, from + JOBS_AT_ONCE));
      for (const { place, id, node, sealed, ...totals } of selectSeries.iterate(part)) {
        found.push({ place: from + place, id, node, sealed, totals });
        if (found.length % STEP_SERIES === 0) yield;
      }
      yield;
    }
    return found;
  }

  /** Returns the summary of each job at its place; undefined for a job without samples. */
  return function* (jobs: readonly number[]): Generator<undefined, (UsageSummary | undefined)[]> {
    const series = yield* readSeries(jobs);
    yield* log.visitAll(series, (place, row, at) => addSample(series[place]!.totals, row, at));
    const byJob = Map.groupBy(series, ({ place }) => place);
    const summaries = new Array<UsageSummary | undefined>(jobs.length);
    let done = 0;
    for (const [place, own] of byJob) {
      const nodes = joinNodes(own).filter(({ samples }) => samples > 0);
      if (nodes.length > 0) summaries[place] = summarizeJob(nodes);
      done += own.length;
      if (done < STEP_SERIES) continue;
      done = 0;
      yield;
    }
    return summaries;
  };
}

/** Adds up the totals of the series of one node: runs that became one may each have a series on it. */
function joinNodes(series: readonly Series[]): UsageTotals[] {
  if (series.length === 1) return [series[0]!.totals];
  const byNode = new Map<number, UsageTotals>();
  for (const { node, totals } of series) {
    const known = byNode.get(node);
    byNode.set(node, known ? joinTotals(known, totals) : totals);
  }
  return [...byNode.values()];
}
