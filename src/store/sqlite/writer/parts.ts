import { type BatchResult, MAX_REFUSALS } from '../../../domain/store/batch.ts';
import { MAX_TRANSACTION_COST } from './limits.ts';

/** Cuts a batch into parts of at most `maxCost`, in order. A row that costs more is a part of its own. */
export function cutParts<Row>(
  rows: readonly Row[],
  costOf: (row: Row) => number,
  maxCost = MAX_TRANSACTION_COST,
): (readonly Row[])[] {
  const parts: (readonly Row[])[] = [];
  let start = 0;
  let cost = 0;
  for (const [index, row] of rows.entries()) {
    const rowCost = costOf(row);
    if (index > start && cost + rowCost > maxCost) {
      parts.push(rows.slice(start, index));
      start = index;
      cost = 0;
    }
    cost += rowCost;
  }
  // Most batches are one part and need no copy.
  parts.push(start === 0 ? rows : rows.slice(start));
  return parts;
}

/**
 * Joins the results of the parts of a batch. The index of a refusal becomes that of its row in the whole
 * batch.
 */
export function joinResults(
  parts: readonly (readonly unknown[])[],
  results: readonly BatchResult[],
): BatchResult {
  const whole = { stored: 0, repeated: 0, refused: 0, refusals: [] as BatchResult['refusals'][number][] };
  let start = 0;
  for (const [index, { stored, repeated, refused, refusals }] of results.entries()) {
    whole.stored += stored;
    whole.repeated += repeated;
    whole.refused += refused;
    for (const refusal of refusals.slice(0, MAX_REFUSALS - whole.refusals.length))
      whole.refusals.push({ ...refusal, index: start + refusal.index });
    start += parts[index]!.length;
  }
  return whole;
}
