import { type BatchMeasures, MAX_BATCH_READINGS } from './batch-measures.ts';
import { AppError, invalid, quote } from './errors.ts';
import { MEASURES } from './measure.ts';

/** Numbers in the store of what is measured of jobs and of GPUs, by name. */
export const CODES = {
  job: codesOf('job'),
  gpu: codesOf('gpu'),
} as const;

function codesOf(of: 'job' | 'gpu'): ReadonlyMap<string, number> {
  const own = [...MEASURES].filter(([, measure]) => measure.of === of);
  return new Map(own.map(([name, { code }]) => [name, code]));
}

type Fields = Readonly<Record<string, unknown>>;

/** One reading of a GPU as it is sent. */
export type GpuFields = Fields & { readonly gpu: string };

/** Collects the measures of samples by column, as they are read. */
export interface MeasureCollector {
  /**
   * Adds what was measured of the sample of this index, whose values were checked. Indexes ascend. Throws
   * `validation_error` if a GPU occurs twice, and adds nothing then, and `payload_too_large` for too many
   * readings of GPUs.
   */
  add(index: number, row: Fields, gpus: readonly GpuFields[] | null | undefined): void;
  /** Returns all measures of `count` samples; undefined if nothing was measured. */
  finish(count: number): BatchMeasures | undefined;
}

const FIRST_LENGTH = 1024;

export function collectMeasures(): MeasureCollector {
  const jobs = growingColumns(CODES.job);
  const readings = growingColumns(CODES.gpu);
  const samples: number[] = [];
  const names: string[] = [];
  return {
    add(index, row, gpus) {
      if (gpus && gpus.length > 0) {
        requireDistinct(gpus);
        requireFew(names.length + gpus.length);
        for (const gpu of gpus) {
          readings.add(names.length, gpu);
          samples.push(index);
          names.push(gpu.gpu);
        }
      }
      jobs.add(index, row);
    },
    finish(count) {
      const columns = jobs.finish(count);
      if (names.length === 0) return columns.size === 0 ? undefined : { columns };
      const gpus = { samples: Uint32Array.from(samples), names, columns: readings.finish(names.length) };
      return { columns, gpus };
    },
  };
}

/** Throws `payload_too_large` for more readings of GPUs than a batch may have. */
export function requireFew(readings: number): void {
  if (readings <= MAX_BATCH_READINGS) return;
  throw new AppError(
    'payload_too_large',
    `A batch may have at most ${MAX_BATCH_READINGS} readings of GPUs in all; send several batches.`,
  );
}

/** Throws `validation_error` if a GPU occurs twice. */
export function requireDistinct(gpus: readonly GpuFields[]): void {
  if (gpus.length === 1 || new Set(gpus.map(({ gpu }) => gpu)).size === gpus.length) return;
  const twice = gpus.find(({ gpu }, at) => gpus.findIndex((other) => other.gpu === gpu) < at)!;
  throw invalid(`gpus has ${quote(twice.gpu)} twice.`);
}

/** Columns that come into being with their first value, and are NaN where they have none. */
function growingColumns(codes: ReadonlyMap<string, number>) {
  const columns = new Map<number, Float64Array>();

  function columnOf(code: number, index: number): Float64Array {
    const known = columns.get(code);
    if (known && index < known.length) return known;
    const grown = new Float64Array(Math.max(FIRST_LENGTH, 2 ** Math.ceil(Math.log2(index + 1)))).fill(
      Number.NaN,
      known?.length ?? 0,
    );
    if (known) grown.set(known);
    columns.set(code, grown);
    return grown;
  }

  return {
    add(index: number, row: Fields): void {
      for (const name in row) {
        const code = codes.get(name);
        // Adding 0 makes 0 of -0.
        if (code !== undefined && row[name] != null) columnOf(code, index)[index] = (row[name] as number) + 0;
      }
    },
    finish(count: number): Map<number, Float64Array> {
      return new Map([...columns].map(([code, values]) => [code, fitted(values, count)]));
    },
  };
}

function fitted(values: Float64Array, count: number): Float64Array {
  if (values.length >= count) return values.subarray(0, count);
  const longer = new Float64Array(count).fill(Number.NaN, values.length);
  longer.set(values);
  return longer;
}
