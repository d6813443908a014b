import {
  addSample,
  joinTotals,
  type RunningTotals,
  summarizeJob,
  type UsageSummary,
  type UsageTotals,
} from '../../../domain/summary.ts';
import type { Queries } from '../sql/queries.ts';
import { TOTAL_COLUMNS } from './totals.ts';
import { type UnsealedSeries, visitAll } from './unsealed.ts';

/** Jobs whose series are looked up in one statement. */
const JOBS_AT_ONCE = 100;
/** Series whose totals are kept, about 200 bytes each; jobs beyond have no summary. */
const MAX_SERIES = 250_000;

interface Series extends UnsealedSeries {
  readonly place: number;
  readonly totals: RunningTotals;
}

async function readSeries(db: Queries, jobs: readonly number[]): Promise<Series[]> {
  const found: Series[] = [];
  for (let from = 0; from < jobs.length && found.length < MAX_SERIES; from += JOBS_AT_ONCE) {
    const rows = await db.all<UsageTotals & UnsealedSeries & { place: number }>(
      `WITH wanted AS MATERIALIZED (
              SELECT place, job FROM unnest($1::bigint[]) WITH ORDINALITY AS given (job, place)),
            own AS MATERIALIZED (
              SELECT place, job FROM wanted UNION ALL
              SELECT place, run FROM wanted JOIN joined_run ON joined_run.owner = wanted.job)
       SELECT place, usage.id, usage.node, ${TOTAL_COLUMNS}
         FROM own JOIN usage ON usage.job = own.job JOIN latest ON latest.usage = usage.id
         LEFT JOIN sealed_total ON sealed_total.usage = usage.id`,
      [jobs.slice(from, from + JOBS_AT_ONCE)],
    );
    for (const { place, id, node, ...totals } of rows)
      found.push({ place: from + place - 1, id, node, totals });
  }
  return found;
}

/**
 * Summarizes all samples of the latest runs of many jobs; undefined at the place of a job without samples.
 */
export async function summarizeMany(
  db: Queries,
  jobs: readonly number[],
): Promise<(UsageSummary | undefined)[]> {
  const series = await readSeries(db, jobs);
  await visitAll(db, series, (place, row, at) => addSample(series[place]!.totals, row, at));
  const summaries = new Array<UsageSummary | undefined>(jobs.length);
  for (const [place, own] of Map.groupBy(series, ({ place: job }) => job)) {
    const nodes = joinNodes(own).filter(({ samples }) => samples > 0);
    if (nodes.length > 0) summaries[place] = summarizeJob(nodes);
  }
  return summaries;
}

/** Adds up the totals of the series of one node: runs that became one may each have a series on it. */
function joinNodes(series: readonly Series[]): UsageTotals[] {
  const byNode = new Map<number, UsageTotals>();
  for (const { node, totals } of series) {
    const known = byNode.get(node);
    byNode.set(node, known ? joinTotals(known, totals) : totals);
  }
  return [...byNode.values()];
}
