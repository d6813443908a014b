import { type BatchResult, MAX_REFUSALS } from '../../../domain/store/batch.ts';
import type { Write } from './write.ts';

/**
 * What one part of a batch may weigh: about 10 ms of the writing thread, which everybody else waits for. A batch of 1,000
 * jobs with 100 nodes each kept all other writes waiting for a second when it was one transaction.
 */
export const MAX_PART_WEIGHT = 5000;

/** A row of a job or of one of its nodes takes about as long to write as so many samples. */
const JOB_ROW_WEIGHT = 3;

export const weighJob = ({ nodes = [] }: { readonly nodes?: readonly string[] | undefined }): number =>
  JOB_ROW_WEIGHT * (1 + nodes.length);

/** What a write weighs, in samples; what looks after the database itself weighs nothing. */
export function weighWrite(write: Write): number {
  switch (write.kind) {
    case 'createJob':
      return weighJob(write.job);
    case 'createJobs':
      return write.jobs.reduce((sum, job) => sum + weighJob(job), 0);
    case 'applyReports':
      return write.reports.reduce((sum, report) => sum + weighJob(report), 0);
    case 'recordSamples':
      return write.samples.length;
    case 'expire':
    case 'probe':
      return 0;
    default:
      return 1;
  }
}

/** Cuts a batch into parts of at most `maxWeight`, in order; a row that weighs more is a part of its own. */
export function cutParts<Row>(
  rows: readonly Row[],
  weigh: (row: Row) => number,
  maxWeight = MAX_PART_WEIGHT,
): (readonly Row[])[] {
  const parts: (readonly Row[])[] = [];
  let start = 0;
  let weight = 0;
  for (const [index, row] of rows.entries()) {
    const rowWeight = weigh(row);
    if (index > start && weight + rowWeight > maxWeight) {
      parts.push(rows.slice(start, index));
      start = index;
      weight = 0;
    }
    weight += rowWeight;
  }
  // Most batches are one part, and need no copy.
  parts.push(start === 0 ? rows : rows.slice(start));
  return parts;
}

/** The result of a batch from those of its parts; refusals name the places of rows in the whole batch. */
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
