import type { PastJob } from '../../domain/job.ts';
import { type BatchResult, MAX_REFUSALS } from '../../domain/store/batch.ts';
import { MAX_TRANSACTION_COST } from './limits.ts';

/** Some rows of a batch, stored in one transaction. */
export interface Part<Row> {
  readonly rows: readonly Row[];
  /** Returns the index in the batch of a row of this part. */
  indexOf(row: number): number;
}

/** Cuts a batch into parts of at most `maxCost`, in order. A row that costs more is a part of its own. */
export function cutParts<Row>(
  rows: readonly Row[],
  costOf: (row: Row) => number,
  maxCost = MAX_TRANSACTION_COST,
): Part<Row>[] {
  const parts: Part<Row>[] = [];
  let start = 0;
  let cost = 0;
  const cut = (end: number) => {
    const first = start;
    // Most batches are one part and need no copy.
    const isWhole = first === 0 && end === rows.length;
    parts.push({ rows: isWhole ? rows : rows.slice(first, end), indexOf: (row) => first + row });
    start = end;
    cost = 0;
  };
  for (const [index, row] of rows.entries()) {
    const rowCost = costOf(row);
    if (index > start && cost + rowCost > maxCost) cut(index);
    cost += rowCost;
  }
  cut(rows.length);
  return parts;
}

/**
 * Cuts a batch of jobs into parts that share their first nodes, so that a transaction changes fewer pages of
 * the indexes by node: 200,000 jobs write a third of the bytes. A batch that has an id twice stays in order.
 */
export function cutJobs(
  jobs: readonly PastJob[],
  costOf: (job: PastJob) => number,
  maxCost = MAX_TRANSACTION_COST,
): Part<PastJob>[] {
  const parts = cutParts(jobs, costOf, maxCost);
  if (parts.length === 1 || new Set(jobs.map(({ id }) => id)).size < jobs.length) return parts;
  const byNode = Map.groupBy(jobs.keys(), (index) => jobs[index]!.nodes[0] ?? '');
  const indexes = [...byNode.keys()].sort().flatMap((node) => byNode.get(node)!);
  return cutParts(indexes, (index) => costOf(jobs[index]!), maxCost).map(({ rows }) => {
    // In order, so that the first refusals of a part are those of its first rows.
    const ascending = rows.toSorted((one, other) => one - other);
    return { rows: ascending.map((index) => jobs[index]!), indexOf: (row) => ascending[row]! };
  });
}

/** Joins the results of the parts of a batch. */
export function joinResults(
  parts: readonly Pick<Part<unknown>, 'indexOf'>[],
  results: readonly BatchResult[],
): BatchResult {
  const whole = { stored: 0, repeated: 0, refused: 0 };
  const refusals: BatchResult['refusals'][number][] = [];
  for (const [index, result] of results.entries()) {
    whole.stored += result.stored;
    whole.repeated += result.repeated;
    whole.refused += result.refused;
    for (const refusal of result.refusals)
      refusals.push({ ...refusal, index: parts[index]!.indexOf(refusal.index) });
  }
  refusals.sort((one, other) => one.index - other.index);
  return { ...whole, refusals: refusals.slice(0, MAX_REFUSALS) };
}
