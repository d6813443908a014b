import { makePoints, mapPoints, POINT_COLUMNS, type PointColumns } from './point-columns.ts';

/** Samples as columns of equal length, which cost a hundredth of one object a sample. */
export interface SampleColumns {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  /** 0 to 100, as in `Sample`. */
  readonly cpu: Float64Array;
  /** MB of 2^20 bytes. */
  readonly memory: Float64Array;
  /** 0 to 100, as in `Sample`; NaN where it was not measured. */
  readonly gpu: Float64Array;
  /** Further measures, sorted by `compareFurther`, each key once; left out if there are none. */
  readonly further?: readonly FurtherColumn[];
}

/** The values of a further measure in each row. */
export interface FurtherColumn {
  /** `Measure.code`. */
  readonly code: number;
  /** The UUID of the measured GPU; '' if the measure is of the job on the node. */
  readonly gpu: string;
  /** NaN where it was not measured. */
  readonly values: Float64Array;
}

type FurtherKey = Pick<FurtherColumn, 'code' | 'gpu'>;

/** Orders further measures: those of the job first, then by GPU and code. */
export function compareFurther(one: FurtherKey, other: FurtherKey): number {
  if (one.gpu === other.gpu) return one.code - other.code;
  return one.gpu < other.gpu ? -1 : 1;
}

/** Samples of one node, or the points that replaced them. */
export interface NodeReadings extends SampleColumns {
  /** Present if any row is a point. */
  readonly points?: PointColumns;
  /** With one row for each GPU: index into `Readings.names` of the node and GPU of each row. */
  readonly labels?: Float64Array;
}

/** The nodes that rows refer to by index, or the GPUs of nodes. */
export interface ReadingLabels {
  /** Names of the nodes; undefined for the first node of the job, which answers leave out. */
  readonly names: readonly (string | undefined)[];
  /** With one row for each GPU: the UUID of the GPU of each entry; a node has one entry for each. */
  readonly gpus?: readonly string[];
}

/**
 * Samples and points of a job in order of time. `further` has one column for each wanted code, in the order
 * of the query.
 */
export interface Readings extends NodeReadings, ReadingLabels {
  /** Index into `names` of the node of each row. */
  readonly nodes: Uint32Array;
}

/** Applies a function to every column. */
const mapColumns = (
  { count, times, cpu, memory, gpu, further, points, labels }: NodeReadings,
  change: (column: Float64Array) => Float64Array,
): NodeReadings => ({
  count,
  times: change(times),
  cpu: change(cpu),
  memory: change(memory),
  gpu: change(gpu),
  ...(further && { further: further.map((column) => ({ ...column, values: change(column.values) })) }),
  ...(points && { points: mapPoints(points, change) }),
  ...(labels && { labels: change(labels) }),
});

/** Returns rows `start` to `end` (exclusive); they share the memory of `readings`. */
export const sliceReadings = (readings: NodeReadings, start: number, end: number): NodeReadings => ({
  ...mapColumns(readings, (column) => column.subarray(start, end)),
  count: end - start,
});

/** Returns a copy of rows `start` to `end` (exclusive) that shares no memory. */
export const keepReadings = (readings: NodeReadings, start: number, end: number): NodeReadings => ({
  ...mapColumns(readings, (column) => column.slice(start, end)),
  count: end - start,
});

/**
 * Returns the rows in reverse with negated times, so that
 * a descending list can be merged as an ascending one.
 */
export function turnAround(readings: NodeReadings): NodeReadings {
  const turned = mapColumns(readings, (column) => column.toReversed());
  for (let i = 0; i < turned.count; i++) turned.times[i] = -turned.times[i]!;
  return turned;
}

type Rows = Omit<Readings, keyof ReadingLabels>;

/** Allocates rows to copy all of `parts` into, which have the same further columns. */
export const makeReadings = (count: number, parts: readonly NodeReadings[]): Rows => ({
  ...makeSamples(count),
  nodes: new Uint32Array(count),
  ...(parts[0]?.further && {
    further: parts[0].further.map((column) => ({ ...column, values: new Float64Array(count) })),
  }),
  ...(parts.some(({ points }) => points) && { points: makePoints(count) }),
});

/** Copies rows `start` to `end` (exclusive), except their nodes, to the rows from `at` on. */
export function copyRows(
  to: Rows,
  at: number,
  { count, times, cpu, memory, gpu, further = [], points }: NodeReadings,
  { start = 0, end = count } = {},
): void {
  const copy = (into: Float64Array, from: Float64Array) => {
    // A view of a few values costs more than copying them, and is garbage.
    if (end - start > FEW_VALUES) into.set(from.subarray(start, end), at);
    else for (let i = start; i < end; i++) into[at + i - start] = from[i]!;
  };
  copy(to.times, times);
  copy(to.cpu, cpu);
  copy(to.memory, memory);
  copy(to.gpu, gpu);
  for (const [place, { values }] of further.entries()) copy(to.further![place]!.values, values);
  if (points) for (const name of POINT_COLUMNS) copy(to.points![name], points[name]);
}

const FEW_VALUES = 32;

/** Returns the rows in the order of `places`, which are row numbers. */
export function orderRows(rows: Rows, places: ArrayLike<number>): Rows {
  const nodes = new Uint32Array(rows.count);
  for (let i = 0; i < rows.count; i++) nodes[i] = rows.nodes[places[i]!]!;
  const inOrder = (column: Float64Array) => {
    const ordered = new Float64Array(rows.count);
    for (let i = 0; i < rows.count; i++) ordered[i] = column[places[i]!]!;
    return ordered;
  };
  return { ...mapColumns(rows, inOrder), nodes };
}

/** Joins batches, and reverses the rows if `isTurned`. */
export function joinReadings(
  batches: readonly Readings[],
  { isTurned = false, ...labels }: ReadingLabels & { isTurned?: boolean },
): Readings {
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const all = makeReadings(count, batches);
  let at = 0;
  for (const batch of batches) {
    copyRows(all, at, batch);
    all.nodes.set(batch.nodes, at);
    at += batch.count;
  }
  return isTurned ? reverseRows({ ...all, ...labels }) : { ...all, ...labels };
}

/** Returns the rows in reverse. */
export function reverseRows(readings: Readings): Readings {
  return {
    ...readings,
    ...mapColumns(readings, (column) => column.toReversed()),
    nodes: readings.nodes.toReversed(),
  };
}

/**
 * Merges two lists of samples that ascend in time. Of samples with equal times those of `first` come first.
 */
export function mergeSamples(first: SampleColumns, second: SampleColumns): SampleColumns {
  const merged = makeSamples(first.count + second.count);
  const stretches = mergeTimes(first.times, second.times);
  for (const name of SAMPLE_COLUMNS) copyStretches(merged[name], stretches, first[name], second[name]);
  const further = mergeFurther(first, second, stretches);
  return further.length > 0 ? { ...merged, further } : merged;
}

/** Rows of one of two lists that follow each other in the merged list, from `at` on. */
interface Stretch {
  readonly isFirst: boolean;
  readonly start: number;
  readonly end: number;
  readonly at: number;
}

function mergeTimes(first: Float64Array, second: Float64Array): Stretch[] {
  const stretches: Stretch[] = [];
  const add = (isFirst: boolean, start: number, end: number, at: number) => {
    if (start < end) stretches.push({ isFirst, start, end, at });
  };
  let [one, other] = [0, 0];
  while (other < second.length) {
    const end = placeOf(first, second[other]! + 1, one);
    add(true, one, end, one + other);
    one = end;
    const nextMs = one < first.length ? first[one]! : Number.POSITIVE_INFINITY;
    const stop = placeOf(second, nextMs, other);
    add(false, other, stop, one + other);
    other = stop;
  }
  add(true, one, first.length, one + other);
  return stretches;
}

/** Copies two columns to their places in the merged one; rows of a missing column stay as they are. */
function copyStretches(
  to: Float64Array,
  stretches: readonly Stretch[],
  first: Float64Array | undefined,
  second: Float64Array | undefined,
): void {
  for (const { isFirst, start, end, at } of stretches) {
    const from = isFirst ? first : second;
    if (from) to.set(from.subarray(start, end), at);
  }
}

/** Merges the further measures that any of two lists has. */
function mergeFurther(
  first: SampleColumns,
  second: SampleColumns,
  stretches: readonly Stretch[],
): FurtherColumn[] {
  const count = first.count + second.count;
  const keyOf = ({ code, gpu }: FurtherKey) => `${code} ${gpu}`;
  const columnsOf = ({ further = [] }: SampleColumns) => new Map(further.map((one) => [keyOf(one), one]));
  const [ones, others] = [columnsOf(first), columnsOf(second)];
  return [...new Map([...ones, ...others])]
    .map(([key, { code, gpu }]) => {
      const values = new Float64Array(count).fill(Number.NaN);
      copyStretches(values, stretches, ones.get(key)?.values, others.get(key)?.values);
      return { code, gpu, values };
    })
    .sort(compareFurther);
}

const SAMPLE_COLUMNS = ['times', 'cpu', 'memory', 'gpu'] as const;

const makeSamples = (count: number): SampleColumns => ({
  count,
  times: new Float64Array(count),
  cpu: new Float64Array(count),
  memory: new Float64Array(count),
  gpu: new Float64Array(count),
});

/** Returns the index of the first of the sorted `times`, from `start` on, that is at or after `timeMs`. */
export function placeOf(times: Float64Array, timeMs: number, start = 0): number {
  let low = start;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
