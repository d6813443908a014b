/**
 * A row of the log, which holds the samples that are not sealed yet: up to MAX_ROW_SAMPLES samples of any
 * jobs and nodes, stored by column, in the order of arrival.
 *
 *   series  Int32 a sample: `usage.id`
 *   data    Float64 columns one after the other: times in milliseconds, CPU, memory, and GPU (NaN where
 *           not measured), which is left out if no sample of the row has it
 *   further NULL unless a sample has further measures; see row-measures.ts
 *
 * Everything is little-endian, like all machines that Bun runs on. Rows never change. `seq` has no gaps: it
 * counts up by one a row, and rows leave only from the front. Samples in rows up to `usage.sealed` of their
 * series are out of reach.
 *
 * A row has no version of its own, because it lives an hour: a migration that changes the format rewrites the
 * table.
 *
 * One row a sample, linked to the one before it, cost the writing thread 3.2 us a sample and a reader 7 us
 * (1,000 nodes: 17 to 30 s). One row a batch costs the writer 0.1 us a sample, and a reader about as much: it
 * finds a series through an index in memory (samples/log-index.ts) and reads only the rows that contain it.
 */

/** 72 kB: small enough that a step which reads a few rows stays under 5 ms. */
export const MAX_ROW_SAMPLES = 2000;
/** Bytes of further measures from which a row gets no more samples: 2,000 samples with twelve of them. */
export const MAX_FURTHER_BYTES = 192_000;

/** The samples of one row. */
export interface LogColumns {
  readonly times: Float64Array;
  readonly cpu: Float64Array;
  readonly memory: Float64Array;
  /** Undefined if no sample has it; NaN where not measured. */
  readonly gpu: Float64Array | undefined;
}

/** Splits the data of `count` samples into columns, which share its memory. */
export function splitColumns(data: Uint8Array, count: number): LogColumns {
  const numbers = numbersOf(data);
  const column = (place: number) => numbers.subarray(place * count, (place + 1) * count);
  return {
    times: column(0),
    cpu: column(1),
    memory: column(2),
    gpu: numbers.length > 3 * count ? column(3) : undefined,
  };
}

/** Joins columns into one array, as they are stored. */
export function joinColumns({ times, cpu, memory, gpu }: LogColumns): Float64Array {
  const count = times.length;
  const numbers = new Float64Array((gpu ? 4 : 3) * count);
  numbers.set(times);
  numbers.set(cpu, count);
  numbers.set(memory, 2 * count);
  if (gpu) numbers.set(gpu, 3 * count);
  return numbers;
}

/** Returns the series of each sample. */
export function seriesOf(bytes: Uint8Array): Int32Array {
  const { buffer, byteOffset, byteLength } = aligned(bytes, 4);
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function numbersOf(bytes: Uint8Array): Float64Array {
  const { buffer, byteOffset, byteLength } = aligned(bytes, 8);
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}

const aligned = (bytes: Uint8Array, size: number): Uint8Array =>
  bytes.byteOffset % size === 0 ? bytes : bytes.slice();
