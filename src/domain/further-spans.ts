import { MEASURES_BY_CODE, type Measure } from './measure.ts';
import type { SpreadColumns } from './point-columns.ts';
import type { FurtherColumn, NodeReadings } from './readings.ts';
import type { Spans } from './spans.ts';

/** What is known of a measure in each cell, which is one span of one label. */
interface Cells {
  readonly measure: Measure;
  readonly sums: Float64Array;
  /** Values of the cell. */
  readonly counts: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** With a counter of several nodes: the latest value of each node, added up. */
  readonly totals: Float64Array;
  /** The greatest value of the node that is being added; NaN where there is none. */
  readonly latest: Float64Array;
}

/** Further measures of the points of a plot. */
interface FurtherPoints {
  readonly further: readonly FurtherColumn[];
  readonly spreads: readonly SpreadColumns[];
}

/**
 * Adds up further measures by span, and by label if rows have `labels` (`labelCount` of them): the
 * cell of a row is `span * labelCount + label`. Nodes are added one after the other, each ended by `endNode`.
 *
 * The value of a gauge is the mean of its samples, like that of the documented values. A counter is the sum
 * over the nodes of the latest value of each, so that differences between points are what all nodes together
 * counted. A node counts with its last known value where it has no sample, and with its first one before:
 * otherwise the sum would rise or fall when a node is silent.
 */
export function furtherCollector(
  { originMs, spanMs, count: spanCount }: Spans,
  codes: readonly number[],
  labelCount = 1,
) {
  const cellCount = spanCount * labelCount;
  const all = codes.map((code) => makeCells(MEASURES_BY_CODE.get(code)!, cellCount));
  const rows = new Float64Array(cellCount);
  const counters = all.filter(({ measure }) => measure.kind === 'counter');

  function cellsOf({ times, labels, count }: NodeReadings): Uint32Array {
    const cells = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      cells[i] = Math.floor((times[i]! - originMs) / spanMs) * labelCount + (labels ? labels[i]! : 0);
    }
    return cells;
  }

  return {
    /** Rows that were added to each cell. */
    rows,

    /** Adds samples; points know nothing of further measures. */
    add(readings: NodeReadings): void {
      const cells = cellsOf(readings);
      for (let i = 0; i < cells.length; i++) rows[cells[i]!]!++;
      for (const [place, known] of all.entries()) addValues(known, cells, readings.further![place]!.values);
    },

    /** Says that all samples of a node were added. */
    endNode(): void {
      for (const counter of counters) {
        for (let label = 0; label < labelCount; label++) addLatest(counter, label, labelCount);
        counter.latest.fill(Number.NaN);
      }
    },

    /** Returns the cells that have rows, ascending. */
    knownCells(): Uint32Array {
      const known = new Uint32Array(cellCount);
      let count = 0;
      for (let cell = 0; cell < cellCount; cell++) if (rows[cell]! > 0) known[count++] = cell;
      return known.slice(0, count);
    },

    /** Returns the values of some cells, one row each. Yields after each measure. */
    *points(cells: ArrayLike<number>): Generator<undefined, FurtherPoints> {
      const further: FurtherColumn[] = [];
      const spreads: SpreadColumns[] = [];
      for (const { measure, sums, counts, totals, min, max } of all) {
        const mean = meansOf(cells, sums, counts, measure);
        const values = measure.kind === 'counter' ? pickKnown(cells, totals, counts) : mean;
        further.push({ code: measure.code, gpu: '', values });
        spreads.push({ min: pickKnown(cells, min, counts), mean, max: pickKnown(cells, max, counts) });
        yield;
      }
      return { further, spreads };
    },
  };
}

function makeCells(measure: Measure, count: number): Cells {
  const counterCells = measure.kind === 'counter' ? count : 0;
  return {
    measure,
    sums: new Float64Array(count),
    counts: new Float64Array(count),
    min: new Float64Array(count).fill(Number.POSITIVE_INFINITY),
    max: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
    totals: new Float64Array(counterCells),
    latest: new Float64Array(counterCells).fill(Number.NaN),
  };
}

function addValues(
  { measure, sums, counts, min, max, latest }: Cells,
  cells: Uint32Array,
  values: Float64Array,
): void {
  const isCounter = measure.kind === 'counter';
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    const cell = cells[i]!;
    sums[cell]! += value;
    counts[cell]!++;
    if (value < min[cell]!) min[cell] = value;
    if (value > max[cell]!) max[cell] = value;
    // A comparison with NaN is false, so that the first value replaces it.
    if (isCounter && !(latest[cell]! >= value)) latest[cell] = value;
  }
}

/** Adds the values of one node to the totals of its spans. */
function addLatest({ latest, totals }: Cells, label: number, labelCount: number): void {
  let first = label;
  while (first < latest.length && Number.isNaN(latest[first]!)) first += labelCount;
  if (first >= latest.length) return;
  let value = latest[first]!;
  for (let cell = label; cell < latest.length; cell += labelCount) {
    if (!Number.isNaN(latest[cell]!)) value = latest[cell]!;
    totals[cell]! += value;
  }
}

/** Means have six decimals, those of bytes none. */
function meansOf(
  cells: ArrayLike<number>,
  sums: Float64Array,
  counts: Float64Array,
  { unit }: Measure,
): Float64Array {
  const scale = unit === 'bytes' ? 1 : 1e6;
  const means = new Float64Array(cells.length);
  for (let i = 0; i < means.length; i++) {
    means[i] = Math.round((sums[cells[i]!]! / counts[cells[i]!]!) * scale) / scale;
  }
  return means;
}

/** Returns the values of some cells; NaN where no sample has the measure. */
function pickKnown(cells: ArrayLike<number>, values: Float64Array, counts: Float64Array): Float64Array {
  const picked = new Float64Array(cells.length);
  for (let i = 0; i < picked.length; i++) {
    picked[i] = counts[cells[i]!]! > 0 ? values[cells[i]!]! : Number.NaN;
  }
  return picked;
}
