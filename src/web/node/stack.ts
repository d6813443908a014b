import type { NodeUsageAnswer } from '../../api/node-usage.ts';

// What is drawn of the usage of a node. Pure.

/** One band of the stack. */
export interface Band {
  readonly label: string;
  /** The job; undefined for all others together. */
  readonly jobId: string | undefined;
  /** 1 to 7: the colour of a series; 0 for the others. */
  readonly colour: number;
  readonly values: readonly (number | null)[];
}

/** The eighth colour is grey, as all others together. */
const COLOURS = 7;

/** Returns the jobs that used most as bands, each with a colour, and all others as one. */
export function bandsOf({ jobs, columns }: NodeUsageAnswer): Band[] {
  const bySum = jobs
    .map((job) => ({ job, sum: job.values.reduce<number>((sum, value) => sum + (value ?? 0), 0) }))
    .sort((one, other) => other.sum - one.sum)
    .map(({ job }) => job);
  const named = new Set(bySum.slice(0, COLOURS));
  const rest = bySum.slice(COLOURS);
  const bands = jobs
    .filter((job) => named.has(job))
    .map(
      (job, index): Band => ({
        label: job.name ? `${job.job_id} ${job.name}` : job.job_id,
        jobId: job.job_id,
        colour: index + 1,
        values: job.values,
      }),
    );
  if (rest.length === 0) return bands;
  const values = Array.from({ length: columns }, (_, column) => {
    const known = rest.flatMap((job) => job.values[column] ?? []);
    return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
  });
  return [...bands, { label: `${rest.length} other jobs`, jobId: undefined, colour: 0, values }];
}

/** Returns the highest sum of a column. */
export function highest(bands: readonly Band[], columns: number): number {
  let most = 0;
  for (let column = 0; column < columns; column++)
    most = Math.max(
      most,
      bands.reduce((sum, { values }) => sum + (values[column] ?? 0), 0),
    );
  return most;
}
