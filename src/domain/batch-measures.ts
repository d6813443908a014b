// Measures beside the three documented values, of the samples of one batch. By column, because an object for
// each sample would cost more than storing it.

/** Values of one measure, by its number in the store (`Measure.code`); NaN where it was not measured. */
export type MeasureColumns = ReadonlyMap<number, Float64Array>;

/** Measures of the samples of a batch. */
export interface BatchMeasures {
  /** One value a sample, in the order of the samples. */
  readonly columns: MeasureColumns;
  readonly gpus?: GpuColumns;
}

/** Readings of single GPUs, in the order of the samples that they belong to. */
export interface GpuColumns {
  /** The index of the sample that each reading belongs to. */
  readonly samples: Uint32Array;
  /** The UUID of the GPU of each reading. */
  readonly names: readonly string[];
  /** One value a reading. */
  readonly columns: MeasureColumns;
}

/** Returns the measures of samples `start` to `end` (exclusive); they share the memory of `measures`. */
export function sliceMeasures({ columns, gpus }: BatchMeasures, start: number, end: number): BatchMeasures {
  const slice = (some: MeasureColumns, from: number, to: number): MeasureColumns =>
    new Map(Array.from(some, ([code, values]) => [code, values.subarray(from, to)]));
  const sliced = { columns: slice(columns, start, end) };
  if (!gpus) return sliced;
  const from = firstReading(gpus.samples, start);
  const to = firstReading(gpus.samples, end);
  return {
    ...sliced,
    gpus: {
      samples: gpus.samples.subarray(from, to).map((sample) => sample - start),
      names: gpus.names.slice(from, to),
      columns: slice(gpus.columns, from, to),
    },
  };
}

/** Returns the place of the first reading of a sample at or after `sample`. */
function firstReading(samples: Uint32Array, sample: number): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (samples[middle]! < sample) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The UUID of a GPU: printable, without spaces. */
export const MAX_GPU_NAME_LENGTH = 128;
/** GPUs of one sample. */
export const MAX_SAMPLE_GPUS = 64;
/** Readings of GPUs of one batch. */
export const MAX_BATCH_READINGS = 200_000;

/** Returns whether a text can name a GPU: 1 to 128 characters, none of them blank or a control character. */
export const isGpuName = (text: string): boolean =>
  text.length <= MAX_GPU_NAME_LENGTH && /^[^\s\p{C}]+$/u.test(text);
