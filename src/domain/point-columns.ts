/**
 * Number and spread of the samples that each row summarizes;
 * their means are in the columns of `SampleColumns`.
 */
export interface PointColumns {
  /** Samples of the row; 0 if the row is a sample itself. */
  readonly samples: Float64Array;
  /** Samples that have a GPU value; where it is 0, the GPU columns are undefined. */
  readonly gpuSamples: Float64Array;
  readonly cpuMin: Float64Array;
  readonly cpuMax: Float64Array;
  readonly memoryMin: Float64Array;
  readonly memoryMax: Float64Array;
  readonly gpuMin: Float64Array;
  readonly gpuMax: Float64Array;
  /** For each column of `further`; left out where points are not made of them. */
  readonly further?: readonly SpreadColumns[];
}

/** Spread of a measure over the samples of each row; NaN where none has it. */
export interface SpreadColumns {
  readonly min: Float64Array;
  readonly mean: Float64Array;
  readonly max: Float64Array;
}

export const POINT_COLUMNS = [
  'samples',
  'gpuSamples',
  'cpuMin',
  'cpuMax',
  'memoryMin',
  'memoryMax',
  'gpuMin',
  'gpuMax',
] as const satisfies readonly Exclude<keyof PointColumns, 'further'>[];

export function makePoints(count: number): PointColumns {
  return Object.fromEntries(POINT_COLUMNS.map((name) => [name, new Float64Array(count)])) as never;
}

/** Applies a function to every column of points. */
export function mapPoints(
  points: PointColumns,
  change: (column: Float64Array) => Float64Array,
): PointColumns {
  const changed = Object.fromEntries(POINT_COLUMNS.map((name) => [name, change(points[name])])) as never;
  const further = points.further?.map(({ min, mean, max }) => ({
    min: change(min),
    mean: change(mean),
    max: change(max),
  }));
  return further ? { ...(changed as PointColumns), further } : changed;
}
