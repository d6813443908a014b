import type { Readings } from '../readings.ts';

/** Columns of equal length in time. */
export interface UsageGrid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly columns: number;
}

/** Returns the grid of at most `maxColumns` whole seconds each that covers a range. */
export function gridOver(fromMs: number, toMs: number, maxColumns: number): UsageGrid {
  const stepMs = Math.max(1000, Math.ceil((toMs - fromMs) / maxColumns / 1000) * 1000);
  return { startMs: fromMs, stepMs, columns: Math.max(1, Math.ceil((toMs - fromMs) / stepMs)) };
}

/**
 * Places the points of a plot in the columns of a grid: a column has the mean of the points that begin in it,
 * by their samples; a point that is longer than a column is in all that it covers. A column without points is
 * null. `values` is one of the columns of the points; NaN is no value.
 */
export function placePoints(
  { startMs, stepMs, columns }: UsageGrid,
  points: Readings,
  spanMs: number,
  values: Float64Array,
): (number | null)[] {
  const sums = new Float64Array(columns);
  const weights = new Float64Array(columns);
  for (let i = 0; i < points.count; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    const weight = points.points?.samples[i] || 1;
    const fromMs = points.times[i]! - startMs;
    const first = Math.max(0, Math.floor(fromMs / stepMs));
    const last = spanMs > stepMs ? Math.floor((fromMs + spanMs - 1) / stepMs) : first;
    for (let column = first; column <= Math.min(last, columns - 1); column++) {
      sums[column]! += value * weight;
      weights[column]! += weight;
    }
  }
  return Array.from(sums, (sum, column) => (weights[column]! > 0 ? sum / weights[column]! : null));
}
