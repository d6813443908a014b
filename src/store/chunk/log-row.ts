/**
 * The log of samples that are not sealed yet. A row holds up to MAX_ROW_SAMPLES samples of any jobs and nodes as columns,
 * in the order of arrival:
 *
 *   series  Int32, a sample each: `usage.id`
 *   data    Float64 columns one behind the other: times in milliseconds, CPU, memory, and GPU (NaN where nobody measured),
 *           which is left out when no sample of the row has it
 *
 * Everything is little-endian, as are all machines that Bun runs on. Rows are never changed, and `seq` has no gaps: it counts
 * up by one a row, and rows leave only from the front. Rows up to `usage.sealed` are out of reach of that job and node.
 *
 * A row a sample, each pointing at the one before it of the same job and node, took the writing thread 3.2 us a sample and a reader 7 us
 * (1,000 nodes: 17 to 30 s). A row a batch costs the writer 0.1 us a sample beside the row of `usage`, and a reader
 * about 0.1: it looks for a series in an index in memory (logindex.ts) and reads the rows that have it.
 */

/** Small enough for a step that reads a few rows to stay under 5 ms; 72 kB. */
export const MAX_ROW_SAMPLES = 2000;

/** The samples of one row. */
export interface LogColumns {
  readonly times: Float64Array;
  readonly cpu: Float64Array;
  readonly memory: Float64Array;
  /** Undefined when no sample has it; NaN where nobody measured. */
  readonly gpu: Float64Array | undefined;
}

/** The columns of a row of `count` samples; they share the memory of `data`. */
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

/** One behind the other, as they are stored. */
export function joinColumns({ times, cpu, memory, gpu }: LogColumns): Float64Array {
  const count = times.length;
  const numbers = new Float64Array((gpu ? 4 : 3) * count);
  numbers.set(times);
  numbers.set(cpu, count);
  numbers.set(memory, 2 * count);
  if (gpu) numbers.set(gpu, 3 * count);
  return numbers;
}

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
