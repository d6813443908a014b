/** How some values are spread. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly max: number;
  /** Numbers of values in bins of one width; the upper end belongs to the last one. */
  readonly bins: { readonly low: number; readonly high: number; readonly counts: readonly number[] };
}

const BINS = 20;

/**
 * Returns the distribution of values; undefined if there are none. Its bins go from the least value to the
 * most, or over `range`. Quartiles are values of the list, the lower ones of two.
 */
export function distributionOf(
  values: readonly number[],
  range?: readonly [low: number, high: number],
): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  const [min, max] = [at(0), at(1)];
  const [low, high] = range ?? [min, max];
  const counts = new Array<number>(high > low ? BINS : 1).fill(0);
  for (const value of sorted) {
    const bin = high > low ? Math.floor(((value - low) / (high - low)) * counts.length) : 0;
    counts[Math.min(counts.length - 1, Math.max(0, bin))]!++;
  }
  return {
    count: sorted.length,
    ...{ min, lowerQuartile: at(0.25), median: at(0.5), upperQuartile: at(0.75), max },
    bins: { low, high, counts },
  };
}
