import { quote } from './errors.ts';
import type { Report } from './report.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from './store/batch.ts';

/** Reports of this cluster, and refusals of those that name another one. */
export interface SplitReports {
  readonly own: readonly Report[];
  /** The index of each of `own` in the whole. */
  readonly places: readonly number[];
  readonly refusals: readonly Refusal[];
}

/**
 * Refuses reports that name another cluster than Slurm's own: a database has one cluster, because job ids of
 * two are the same. Undefined if there are none, as nearly always. Slurm takes upper and lower case as the
 * same.
 */
export function splitByCluster(
  reports: readonly Report[],
  cluster: string | undefined,
): SplitReports | undefined {
  const own = cluster?.toLowerCase();
  const isForeign = (report: Report) => report.cluster !== undefined && report.cluster.toLowerCase() !== own;
  if (own === undefined || !reports.some(isForeign)) return undefined;
  const places = reports.flatMap((report, index) => (isForeign(report) ? [] : [index]));
  const refusals = reports.flatMap((report, index): Refusal[] =>
    isForeign(report)
      ? [
          {
            index,
            error: 'validation_error',
            message: `The job ${quote(report.id)} is of the cluster ${quote(report.cluster!)}, and this service is that of ${quote(cluster!)}. Run a service of its own for each cluster.`,
          },
        ]
      : [],
  );
  return { own: places.map((place) => reports[place]!), places, refusals };
}

/** Joins what became of the reports of this cluster with the refusals of the others. */
export function joinResult({ places, refusals }: SplitReports, result: BatchResult): BatchResult {
  const own = result.refusals.map((refusal) => ({ ...refusal, index: places[refusal.index]! }));
  return {
    ...result,
    refused: result.refused + refusals.length,
    refusals: [...own, ...refusals].sort((one, other) => one.index - other.index).slice(0, MAX_REFUSALS),
  };
}
