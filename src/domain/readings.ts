/** Samples as columns, a place for every sample: a hundred times cheaper than an object each. */
export interface SampleColumns {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  /** Percent. */
  readonly cpu: Float64Array;
  /** Megabytes. */
  readonly memory: Float64Array;
  /** Percent; NaN where nobody measured. */
  readonly gpu: Float64Array;
}

/** For rows that stand for several samples: how many, and their spread; the means are in the sample's own columns. */
export interface PointColumns {
  /** Samples of the row; 0: the row is a sample itself. */
  readonly samples: Float64Array;
  /** Samples with GPU; where there are none, the columns of GPU mean nothing. */
  readonly gpuSamples: Float64Array;
  readonly cpuMin: Float64Array;
  readonly cpuMax: Float64Array;
  readonly memoryMin: Float64Array;
  readonly memoryMax: Float64Array;
  readonly gpuMin: Float64Array;
  readonly gpuMax: Float64Array;
}

/** Samples of one node, or the points that are left of them. */
export interface NodeReadings extends SampleColumns {
  /** Present when there are points among them. */
  readonly points?: PointColumns;
}

/** Samples and points of a job, in order of time. */
export interface Readings extends NodeReadings {
  /** For each row, where its node is in `names`. */
  readonly nodes: Uint32Array;
  /** The nodes of the job; undefined stands for its first, which is left unsaid. */
  readonly names: readonly (string | undefined)[];
}

const POINT_COLUMNS = [
  'samples',
  'gpuSamples',
  'cpuMin',
  'cpuMax',
  'memoryMin',
  'memoryMax',
  'gpuMin',
  'gpuMax',
] as const satisfies readonly (keyof PointColumns)[];

export function makePoints(count: number): PointColumns {
  return Object.fromEntries(POINT_COLUMNS.map((name) => [name, new Float64Array(count)])) as never;
}

/** Points with every column changed. */
function mapPoints(points: PointColumns, change: (column: Float64Array) => Float64Array): PointColumns {
  return Object.fromEntries(POINT_COLUMNS.map((name) => [name, change(points[name])])) as never;
}

/** Every column changed. */
const mapColumns = (
  { count, times, cpu, memory, gpu, points }: NodeReadings,
  change: (column: Float64Array) => Float64Array,
): NodeReadings => ({
  count,
  times: change(times),
  cpu: change(cpu),
  memory: change(memory),
  gpu: change(gpu),
  ...(points && { points: mapPoints(points, change) }),
});

/** A part of the rows, which shares their memory. */
export const sliceReadings = (readings: NodeReadings, start: number, end: number): NodeReadings => ({
  ...mapColumns(readings, (column) => column.subarray(start, end)),
  count: end - start,
});

/** A copy that shares no memory. */
export const keepReadings = (readings: NodeReadings): NodeReadings =>
  mapColumns(readings, (column) => column.slice());

/** The rows backwards, with the sign of their times changed: so that what goes down in time goes up. */
export function turnAround(readings: NodeReadings): NodeReadings {
  const turned = mapColumns(readings, (column) => column.toReversed());
  for (let i = 0; i < turned.count; i++) turned.times[i] = -turned.times[i]!;
  return turned;
}

type Rows = Omit<Readings, 'names'>;

/** Rows to copy into. */
export const makeReadings = (count: number, hasPoints: boolean): Rows => ({
  ...makeSamples(count),
  nodes: new Uint32Array(count),
  ...(hasPoints && { points: makePoints(count) }),
});

/** Copies readings to the rows from `at` on, all but their nodes. */
export function copyRows(to: Rows, at: number, { times, cpu, memory, gpu, points }: NodeReadings): void {
  to.times.set(times, at);
  to.cpu.set(cpu, at);
  to.memory.set(memory, at);
  to.gpu.set(gpu, at);
  if (points) for (const name of POINT_COLUMNS) to.points![name].set(points[name], at);
}

/** The rows in the order of `places`. */
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

/** Batches as one, the last row first when it should be turned. */
export function joinReadings(
  batches: readonly Readings[],
  { names, isTurned = false }: { names: Readings['names']; isTurned?: boolean },
): Readings {
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const all = makeReadings(
    count,
    batches.some(({ points }) => points),
  );
  let at = 0;
  for (const batch of batches) {
    copyRows(all, at, batch);
    all.nodes.set(batch.nodes, at);
    at += batch.count;
  }
  if (!isTurned) return { ...all, names };
  return { ...mapColumns(all, (column) => column.reverse()), nodes: all.nodes.reverse(), names };
}

/**
 * Two lists of samples as one, each ascending in time; where both have samples of one time, those of `first` come first.
 */
export function mergeSamples(first: SampleColumns, second: SampleColumns): SampleColumns {
  const count = first.count + second.count;
  const merged = makeSamples(count);
  const copy = (from: SampleColumns, start: number, end: number, at: number) => {
    for (const name of SAMPLE_COLUMNS) merged[name].set(from[name].subarray(start, end), at);
  };
  let [one, other] = [0, 0];
  while (other < second.count) {
    const end = placeOf(first.times, second.times[other]! + 1, one);
    copy(first, one, end, one + other);
    one = end;
    const nextMs = one < first.count ? first.times[one]! : Number.POSITIVE_INFINITY;
    const stop = placeOf(second.times, nextMs, other);
    copy(second, other, stop, one + other);
    other = stop;
  }
  copy(first, one, first.count, one + other);
  return merged;
}

const SAMPLE_COLUMNS = ['times', 'cpu', 'memory', 'gpu'] as const;

const makeSamples = (count: number): SampleColumns => ({
  count,
  times: new Float64Array(count),
  cpu: new Float64Array(count),
  memory: new Float64Array(count),
  gpu: new Float64Array(count),
});

/** The first place in sorted times that is at or after `timeMs`, from `start` on. */
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
