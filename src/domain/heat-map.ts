import { invalid } from './errors.ts';
import { MEASURES, type Measure, type MeasureName } from './measure.ts';
import type { SpreadColumns } from './point-columns.ts';
import type { FieldName, UsageField } from './reading-fields.ts';
import type { NodeReadings } from './readings.ts';
import type { SpanSums, Spans } from './spans.ts';
import { POINT_SPAN_MS } from './summary.ts';

/** A row of a heat map: a node, or a GPU of a node. */
export interface HeatMapRow {
  /** Absent if the job has no nodes. */
  readonly node?: string;
  readonly gpu?: string;
  /** Mean of its cells; absent if it has none. */
  readonly mean?: number;
}

/** One measure of every row in every span of time. */
export interface HeatMap {
  readonly rows: readonly HeatMapRow[];
  /** The columns. */
  readonly spans: Spans;
  /** A byte a cell, row by row: 0 is `scale.min`, 254 is `scale.max`, and GAP a cell without a value. */
  readonly cells: Uint8Array;
  readonly scale: { readonly min: number; readonly max: number };
  /** Least, mean and greatest cell of each column; NaN where it has none. */
  readonly strips: SpreadColumns;
}

/** The byte of a cell in which nothing was measured. */
export const GAP = 255;
const LARGEST = 254;

/** Cells of one map, and rows: 100,000 rows have ten columns each. */
export const MAX_CELLS = 1_000_000;
const MAX_ROWS = 100_000;
export const MAX_COLUMNS = 1000;

/**
 * Returns how many columns a map may have: at most `columns`, fewer for very many rows, and none shorter than
 * two intervals, so that a cell without a sample is a gap. Throws `validation_error` for too many rows.
 */
export function mostColumns(
  columns: number,
  { rows, rangeMs, intervalMs }: { rows: number; rangeMs: number; intervalMs: number },
): number {
  if (rows > MAX_ROWS)
    throw invalid(`The job has ${rows} GPUs, too many for one map: ask for one node with node.`);
  const byInterval = intervalMs > 0 ? Math.floor(rangeMs / (2 * intervalMs)) : columns;
  return Math.max(1, Math.min(columns, byInterval, Math.floor(MAX_CELLS / Math.max(1, rows))));
}

const COLUMNS = { cpu_usage: 'cpu', memory_usage_mb: 'memory', gpu_usage: 'gpu' } as const satisfies Record<
  UsageField,
  string
>;

/** Whether a field is one of the documented values, which stored sums know. */
export const isUsageField = (field: FieldName): field is UsageField => field in COLUMNS;

/**
 * Adds up one field by row and span. A gauge is the mean of its samples in a cell; a counter is what it grew
 * by in a second since the span before, and unknown after a gap or where it began anew.
 */
export function cellCollector({ originMs, spanMs, count }: Spans, rowCount: number, field: FieldName) {
  const size = rowCount * count;
  const sums = new Float64Array(size);
  const weights = new Float32Array(size);
  const usage = isUsageField(field) ? COLUMNS[field] : undefined;
  const measure: Measure | undefined = MEASURES.get(field as MeasureName);
  const isCounter = measure?.kind === 'counter';
  const spanOf = (timeMs: number) => Math.floor((timeMs - originMs) / spanMs);

  function addTo(cell: number, value: number, weight: number): void {
    if (isCounter) sums[cell] = Math.max(sums[cell]!, value);
    else sums[cell]! += value * weight;
    weights[cell]! += weight;
  }

  /** A point stands for a quarter of an hour, which may be several spans; without weight it is a sample. */
  function addPoint(row: number, timeMs: number, value: number, weight: number): void {
    const first = spanOf(timeMs);
    const last = weight > 0 ? Math.min(count - 1, spanOf(timeMs + POINT_SPAN_MS - 1)) : first;
    for (let span = first; span <= last; span++) addTo(row * count + span, value, weight || 1);
  }

  function addSamples(row: number, { times, labels, count: rows }: NodeReadings, values: Float64Array): void {
    for (let i = 0; i < rows; i++) {
      const value = values[i]!;
      if (!Number.isNaN(value)) addTo((labels?.[i] ?? row) * count + spanOf(times[i]!), value, 1);
    }
  }

  return {
    /** Adds readings of one row, or with `labels` of several. */
    add(row: number, readings: NodeReadings): void {
      const values = usage ? readings[usage] : readings.further![0]!.values;
      const weights = usage === 'gpu' ? readings.points?.gpuSamples : readings.points?.samples;
      if (!weights) addSamples(row, readings, values);
      else
        for (let i = 0; i < readings.count; i++)
          if (!Number.isNaN(values[i]!)) addPoint(row, readings.times[i]!, values[i]!, weights[i]!);
    },

    /** Adds stored sums of a quarter of an hour each, for spans that are no shorter. */
    addSums(row: number, stored: SpanSums): void {
      const { sum } = stored[usage!];
      const counts = usage === 'gpu' ? stored.gpuSamples : stored.samples;
      for (let i = 0; i < stored.count; i++) {
        const cell = row * count + spanOf(stored.times[i]!);
        sums[cell]! += sum[i]!;
        weights[cell]! += counts[i]!;
      }
    },

    /** Returns the values, NaN in gaps; the collector is not used afterwards. */
    values: (): Float64Array => (isCounter ? growths() : means()),
  };

  function means(): Float64Array {
    for (let cell = 0; cell < size; cell++) sums[cell]! /= weights[cell]! || Number.NaN;
    return sums;
  }

  /** From the last span on, because each needs the one before. */
  function growths(): Float64Array {
    for (let cell = size - 1; cell >= 0; cell--) {
      const isKnown = cell % count > 0 && weights[cell]! > 0 && weights[cell - 1]! > 0;
      const grown = isKnown ? sums[cell]! - sums[cell - 1]! : Number.NaN;
      sums[cell] = grown < 0 ? Number.NaN : (1000 * grown) / spanMs;
    }
    return sums;
  }
}

/** Rows packed between two pauses. */
const ROWS_AT_ONCE = 200;

/** Packs the values of `cellCollector` as a map. Yields where it may pause. */
export function* packHeatMap(
  values: Float64Array,
  spans: Spans,
  names: readonly Omit<HeatMapRow, 'mean'>[],
): Generator<undefined, HeatMap> {
  const { count } = spans;
  const strip = stripCollector(count);
  const means: number[] = [];
  for (let row = 0; row < names.length; row++) {
    means.push(strip.add(values.subarray(row * count, (row + 1) * count)));
    if (row % ROWS_AT_ONCE === 0) yield;
  }
  const strips = strip.strips();
  const min = strips.min.reduce(smaller, Number.NaN);
  const max = strips.max.reduce(larger, Number.NaN);
  const step = max > min ? LARGEST / (max - min) : 0;
  const cells = new Uint8Array(values.length);
  for (let cell = 0; cell < values.length; cell++) {
    const value = values[cell]!;
    cells[cell] = Number.isNaN(value) ? GAP : Math.round((value - min) * step);
    if (cell % (ROWS_AT_ONCE * count) === 0) yield;
  }
  const rows = names.map((name, row) => (Number.isNaN(means[row]!) ? name : { ...name, mean: means[row]! }));
  const scale = Number.isNaN(min) ? { min: 0, max: 0 } : { min, max };
  return { rows, spans, cells, scale, strips };
}

/** NaN is not known. */
const smaller = (one: number, other: number) => (one <= other || Number.isNaN(other) ? one : other);
const larger = (one: number, other: number) => (one >= other || Number.isNaN(other) ? one : other);

/** Gathers the least, mean and greatest value of each column, a row after the other. */
function stripCollector(count: number) {
  const min = new Float64Array(count).fill(Number.NaN);
  const max = new Float64Array(count).fill(Number.NaN);
  const sum = new Float64Array(count);
  const known = new Float64Array(count);
  return {
    /** Returns the mean of the row; NaN if it has no value. */
    add(row: Float64Array): number {
      let total = 0;
      let cells = 0;
      for (let column = 0; column < count; column++) {
        const value = row[column]!;
        if (Number.isNaN(value)) continue;
        total += value;
        cells++;
        sum[column]! += value;
        known[column]!++;
        min[column] = smaller(value, min[column]!);
        max[column] = larger(value, max[column]!);
      }
      return total / cells;
    },
    strips: (): SpreadColumns => ({ min, max, mean: sum.map((one, column) => one / known[column]!) }),
  };
}
