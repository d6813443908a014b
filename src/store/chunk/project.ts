import { MEASURES_BY_CODE, type Measure } from '../../domain/measure.ts';
import type { FurtherColumn, NodeReadings } from '../../domain/readings.ts';
import type { WantedMeasures } from './wanted.ts';

/**
 * Returns the columns to read for one row a sample. Measures of GPUs are combined from those of single GPUs,
 * or were given for all GPUs of the node.
 */
export function wantedOfNode(codes: readonly number[]): WantedMeasures | undefined {
  if (codes.length === 0) return undefined;
  const hasGpus = codes.some((code) => MEASURES_BY_CODE.get(code)?.of === 'gpu');
  return hasGpus ? { codes } : { codes, gpus: false };
}

/** Returns the readings with exactly one further column for each code, in their order. */
export function projectNode(readings: NodeReadings, codes: readonly number[]): NodeReadings {
  const { further: all = [], ...rest } = readings;
  const further = codes.map((code) => ({
    code,
    gpu: '',
    values: valuesOf(
      all.filter((column) => column.code === code),
      readings.count,
      MEASURES_BY_CODE.get(code)!,
    ),
  }));
  return { ...rest, further };
}

/** Returns the value of the node where there is one, and otherwise those of its GPUs as one. */
function valuesOf(columns: readonly FurtherColumn[], count: number, { combine }: Measure): Float64Array {
  const own = columns.find(({ gpu }) => gpu === '')?.values;
  const gpus = columns.filter(({ gpu }) => gpu !== '').map(({ values }) => values);
  if (gpus.length === 0) return own ?? new Float64Array(count).fill(Number.NaN);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    values[i] = own && !Number.isNaN(own[i]!) ? own[i]! : combineAt(gpus, i, combine);
  }
  return values;
}

/** Combines the values of row `i` that are known; NaN if none is. */
function combineAt(columns: readonly Float64Array[], i: number, combine: Measure['combine']): number {
  let known = 0;
  let result = 0;
  for (const column of columns) {
    const value = column[i]!;
    if (Number.isNaN(value)) continue;
    result = combine === 'max' && known > 0 ? Math.max(result, value) : result + value;
    known++;
  }
  if (known === 0) return Number.NaN;
  return combine === 'mean' ? Math.round((result / known) * 1e6) / 1e6 : result;
}

/** Returns the GPUs with a column of some code, sorted. */
const gpusOf = ({ further = [] }: NodeReadings, codes: readonly number[]): string[] =>
  [...new Set(further.filter(({ code }) => codes.includes(code)).map(({ gpu }) => gpu))]
    .filter((gpu) => gpu !== '')
    .sort();

/** One row for each sample and GPU with a value of some code, by time and then by GPU. */
interface GpuRows {
  readonly count: number;
  /** Sorted. */
  readonly gpus: readonly string[];
  /** Of each row, the index of its sample and that of its GPU. */
  readonly pairs: Uint32Array;
}

/** Finds the rows of `projectGpus`, without making them. */
export function findGpuRows(readings: NodeReadings, codes: readonly number[]): GpuRows {
  const gpus = gpusOf(readings, codes);
  const known = gpus.map((gpu) => knownSamples(readings, codes, gpu));
  const pairs = new Uint32Array(2 * readings.count * gpus.length);
  let count = 0;
  for (let i = 0; i < readings.count; i++) {
    for (let gpu = 0; gpu < gpus.length; gpu++) {
      if (known[gpu]![i] === 0) continue;
      pairs[2 * count] = i;
      pairs[2 * count + 1] = gpu;
      count++;
    }
  }
  return { count, gpus, pairs };
}

/** Returns 1 for each sample that has a value of some code. */
function knownSamples(
  { count, further = [] }: NodeReadings,
  codes: readonly number[],
  gpu: string,
): Uint8Array {
  const known = new Uint8Array(count);
  for (const column of further) {
    if (column.gpu !== gpu || !codes.includes(column.code)) continue;
    for (let i = 0; i < count; i++) if (!Number.isNaN(column.values[i]!)) known[i] = 1;
  }
  return known;
}

/**
 * Returns one row for each sample and GPU with a value of some code, by time and then by GPU. Its label is
 * that of the GPU; the documented values, which are those of the node, are left at 0.
 */
export function projectGpus(
  readings: NodeReadings,
  codes: readonly number[],
  labelOf: (gpu: string) => number,
): NodeReadings {
  const { times, further = [] } = readings;
  const { count, gpus, pairs } = findGpuRows(readings, codes);
  const labels = gpus.map(labelOf);
  const makeColumn = (valueAt: (i: number, gpu: number) => number) => {
    const values = new Float64Array(count);
    for (let row = 0; row < count; row++) values[row] = valueAt(pairs[2 * row]!, pairs[2 * row + 1]!);
    return values;
  };
  const makeFurther = (code: number): FurtherColumn => {
    const columns = gpus.map((gpu) => further.find((one) => one.code === code && one.gpu === gpu)?.values);
    return { code, gpu: '', values: makeColumn((i, gpu) => columns[gpu]?.[i] ?? Number.NaN) };
  };
  return {
    count,
    times: makeColumn((i) => times[i]!),
    cpu: new Float64Array(count),
    memory: new Float64Array(count),
    gpu: new Float64Array(count),
    labels: makeColumn((_, gpu) => labels[gpu]!),
    further: codes.map(makeFurther),
  };
}
