import type { MeasureAdder } from '../../domain/measure-summary.ts';
import { compareFurther, type FurtherColumn } from '../../domain/readings.ts';
import { type RowMeasures, unpackMeasures } from './row-measures.ts';
import { isWanted, type WantedMeasures } from './wanted.ts';

/** Columns of a row by the code of their measure. */
type Columns = readonly (readonly [code: number, values: Float64Array])[];

/** Further measures of the samples of a log row, as they are gathered. */
export interface RowFurther {
  readonly columns: Columns;
  /** Undefined if no reading of a GPU is wanted. */
  readonly gpus:
    | (Pick<RowMeasures['gpus'], 'gpus' | 'names'> & { columns: Columns; starts: Uint32Array })
    | undefined;
}

/** Opens the wanted measures of `count` samples of a log row; undefined if there are none. */
export function openFurther(
  packed: Uint8Array | null,
  count: number,
  wanted: WantedMeasures,
): RowFurther | undefined {
  if (!packed) return undefined;
  const { columns, gpus } = unpackMeasures(packed, count);
  const choose = (some: RowMeasures['columns'], areGpus: boolean): Columns =>
    [...some].filter(([code]) => isWanted(wanted, code, areGpus));
  const gpuColumns = choose(gpus.columns, true);
  const isAnyGpu = gpuColumns.length > 0 && gpus.samples.length > 0;
  return {
    columns: choose(columns, false),
    gpus: isAnyGpu ? { ...gpus, columns: gpuColumns, starts: startsOf(gpus.samples, count) } : undefined,
  };
}

/** Returns where the readings of each sample start; those of sample `s` end at `starts[s + 1]`. */
function startsOf(samples: Uint32Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1);
  for (let reading = 0; reading < samples.length; reading++) starts[samples[reading]! + 1]!++;
  for (let sample = 0; sample < count; sample++) starts[sample + 1]! += starts[sample]!;
  return starts;
}

/** Returns the columns of samples as the measures of a log row. */
export function measuresOf(further: readonly FurtherColumn[]): RowMeasures {
  const ofGpus = further.filter(({ gpu }) => gpu !== '');
  const names = [...new Set(ofGpus.map(({ gpu }) => gpu))];
  const codes = [...new Set(ofGpus.map(({ code }) => code))];
  const count = further[0]?.values.length ?? 0;
  /** Of each GPU, the column of each code; undefined where the GPU does not have it. */
  const byGpu = names.map((gpu) =>
    codes.map((code) => ofGpus.find((one) => one.gpu === gpu && one.code === code)),
  );
  const samples: number[] = [];
  const gpus: number[] = [];
  const values: number[][] = codes.map(() => []);
  for (let sample = 0; sample < count; sample++) {
    for (const [place, columns] of byGpu.entries()) {
      const reading = columns.map((column) => column?.values[sample] ?? Number.NaN);
      if (reading.every(Number.isNaN)) continue;
      samples.push(sample);
      gpus.push(place);
      for (const [at, value] of reading.entries()) values[at]!.push(value);
    }
  }
  return {
    columns: new Map(further.filter(({ gpu }) => gpu === '').map((column) => [column.code, column.values])),
    gpus: {
      samples: Uint32Array.from(samples),
      gpus: Uint32Array.from(gpus),
      names,
      columns: new Map(codes.map((code, at) => [code, Float64Array.from(values[at]!)])),
    },
  };
}

/** Adds the measures of the sample at `place` of a row to totals. */
export function addFurther(adder: MeasureAdder, { columns, gpus }: RowFurther, place: number): void {
  for (const [code, values] of columns) adder.add(code, '', values[place]!);
  if (!gpus) return;
  for (let reading = gpus.starts[place]!; reading < gpus.starts[place + 1]!; reading++) {
    const name = gpus.names[gpus.gpus[reading]!]!;
    for (const [code, values] of gpus.columns) adder.add(code, name, values[reading]!);
  }
}

/**
 * Columns that a series has at most while it is gathered: all measures of the job, and seven of each of 64
 * GPUs. Without a bound, samples that each name other GPUs would take 16 kB a reading, and seconds to seal.
 */
const MAX_COLUMNS = 512;

/** Gathers further measures of one series by column; leaves out those that are too many. */
export class FurtherGatherer {
  /** By GPU ('': of the job) and code; NaN where not measured. */
  readonly #columns = new Map<string, Map<number, Float64Array<ArrayBuffer>>>();
  #size = 0;

  /** Number of columns. */
  get size(): number {
    return this.#size;
  }

  /** Adds the measures of the sample at `place` of a row as those of sample `at`, of at most `capacity`. */
  add({ columns, gpus }: RowFurther, place: number, at: number, capacity: number): void {
    for (const [code, values] of columns) this.#set('', code, at, values[place]!, capacity);
    if (!gpus) return;
    for (let reading = gpus.starts[place]!; reading < gpus.starts[place + 1]!; reading++) {
      const name = gpus.names[gpus.gpus[reading]!]!;
      for (const [code, values] of gpus.columns) this.#set(name, code, at, values[reading]!, capacity);
    }
  }

  #set(gpu: string, code: number, at: number, value: number, capacity: number): void {
    if (!Number.isFinite(value)) return;
    const known = this.#columns.get(gpu)?.get(code);
    if (!known && this.#size === MAX_COLUMNS) return;
    const column = known && at < known.length ? known : this.#grow(gpu, code, capacity);
    column[at] = value;
  }

  #grow(gpu: string, code: number, capacity: number): Float64Array {
    const ofGpu = this.#columns.get(gpu) ?? new Map<number, Float64Array<ArrayBuffer>>();
    this.#columns.set(gpu, ofGpu);
    if (!ofGpu.has(code)) this.#size++;
    const column = enlarge(ofGpu.get(code), capacity);
    ofGpu.set(code, column);
    return column;
  }

  /** Returns the columns of the first `count` samples, in their order; undefined if there are none. */
  take(count: number, capacity: number): FurtherColumn[] | undefined {
    if (this.#size === 0) return undefined;
    const columns = [...this.#columns].flatMap(([gpu, byCode]) =>
      Array.from(byCode, ([code, values]) => ({
        code,
        gpu,
        values: (values.length < count ? enlarge(values, capacity) : values).subarray(0, count),
      })),
    );
    return columns.sort(compareFurther);
  }
}

function enlarge(column: Float64Array | undefined, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  if (column) larger.set(column);
  return larger.fill(Number.NaN, column?.length ?? 0);
}
