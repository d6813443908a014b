/**
 * A chunk: the sealed samples of one job on one node, stored by column and exact to the bit. docs/storage.md
 * specifies the format.
 *
 *   version   1 byte    1
 *   checksum  4 bytes   CRC-32 of everything after it, starting from the version; little-endian
 *   count     2 bytes   number of samples minus one, little-endian
 *   presence  1 byte    GPU: 0 no sample has it, 1 every sample has it, 2 some have it
 *   columns             times in milliseconds, CPU, memory
 *   GPU                 if some have it: one bit a sample, lowest bit first, compressed; unless
 *                       none has it: the column of the samples that do
 *
 * Version 1 is frozen (format.test.ts pins its bytes): another format gets another version, and this one
 * stays readable.
 */
import { crc32 } from 'node:zlib';
import type { SampleColumns } from '../../domain/readings.ts';
import { ChunkError, ChunkReader, ChunkWriter, damaged } from './bytes.ts';
import { readColumn, writeColumn } from './column.ts';
import type { WantedMeasures } from './wanted.ts';

export { ChunkError };

export interface ChunkSample {
  timeMs: number;
  cpuUsage: number;
  memoryUsageMb: number;
  /** Null if not measured. */
  gpuUsage: number | null;
}

export type ChunkColumns = SampleColumns;

export const MAX_CHUNK_SAMPLES = 65_536;

const VERSION = 1;
const CHECKSUM_AT = 1;
const BODY_AT = 5;
const HEADER_BYTES = 8;

const NEVER = 0;
const ALWAYS = 1;
const SOMETIMES = 2;

/** Packs samples as `packColumns` does. */
export const packChunk = (samples: readonly ChunkSample[]): Uint8Array => packColumns(columnsOf(samples));

/**
 * Packs 1 to 65,536 samples in the given order. Throws
 * RangeError for more, and for values that are not finite.
 */
export function packColumns({ count, times, cpu, memory, gpu }: ChunkColumns): Uint8Array {
  if (count < 1 || count > MAX_CHUNK_SAMPLES) throw new RangeError(`A chunk cannot hold ${count} samples.`);
  requireFinite([times, cpu, memory]);
  const { present, measured } = splitGpu(gpu);
  requireFinite([measured]);
  const out = new ChunkWriter(greatestSize(count));
  out.byte(VERSION);
  for (let i = CHECKSUM_AT; i < BODY_AT; i++) out.byte(0);
  out.byte((count - 1) & 0xff);
  out.byte((count - 1) >> 8);
  const presence = measured.length === 0 ? NEVER : measured.length === count ? ALWAYS : SOMETIMES;
  out.byte(presence);
  writeColumn(out, times);
  writeColumn(out, cpu);
  writeColumn(out, memory);
  if (presence === SOMETIMES) out.compressed(present);
  if (presence !== NEVER) writeColumn(out, measured);
  const bytes = out.finish();
  viewOf(bytes).setUint32(CHECKSUM_AT, checksum(bytes), true);
  return bytes;
}

function requireFinite(columns: readonly Float64Array[]): void {
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      if (!Number.isFinite(column[i]!)) {
        throw new RangeError(`Sample ${i} of a chunk has a value that is not finite.`);
      }
    }
  }
}

/** Four columns of at most eight bytes a value, with their heads and block headers. */
const greatestSize = (count: number) => 36 * count + 1024;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const checksum = (bytes: Uint8Array) => crc32(bytes.subarray(BODY_AT), bytes[0]);

/** Returns the measured values of GPU, and one bit a sample that is set if it has one. */
function splitGpu(gpu: Float64Array) {
  const present = new Uint8Array(Math.ceil(gpu.length / 8));
  const measured = new Float64Array(gpu.length);
  let known = 0;
  for (let i = 0; i < gpu.length; i++) {
    if (Number.isNaN(gpu[i]!)) continue;
    measured[known++] = gpu[i]!;
    present[i >> 3]! |= 1 << (i & 7);
  }
  return { present, measured: measured.subarray(0, known) };
}

/** Converts samples to columns. */
export const columnsOf = (samples: readonly ChunkSample[]): ChunkColumns => ({
  count: samples.length,
  times: Float64Array.from(samples, ({ timeMs }) => timeMs),
  cpu: Float64Array.from(samples, ({ cpuUsage }) => cpuUsage),
  memory: Float64Array.from(samples, ({ memoryUsageMb }) => memoryUsageMb),
  gpu: Float64Array.from(samples, ({ gpuUsage }) => gpuUsage ?? Number.NaN),
});

/** Unpacks a chunk to columns, with the `wanted` further measures. Throws ChunkError if it is damaged. */
export function unpackColumns(bytes: Uint8Array, _wanted?: WantedMeasures): ChunkColumns {
  const { from, count, presence } = openChunk(bytes);
  const times = readColumn(from, count);
  const cpu = readColumn(from, count);
  const memory = readColumn(from, count);
  const gpu = readGpu(from, count, presence);
  from.finish();
  return { count, times, cpu, memory, gpu };
}

/** Unpacks only the times of a chunk, which is a quarter of the work. Throws ChunkError if it is damaged. */
export function unpackTimes(bytes: Uint8Array): Float64Array {
  const { from, count } = openChunk(bytes);
  return readColumn(from, count);
}

/** Checks the version and the checksum. */
function openChunk(bytes: Uint8Array) {
  if (bytes.length < HEADER_BYTES) throw damaged('it ends too early');
  if (bytes[0] !== VERSION) {
    throw new ChunkError(
      `The chunk is of version ${bytes[0]}, or damaged; this program reads version ${VERSION}.`,
    );
  }
  if (viewOf(bytes).getUint32(CHECKSUM_AT, true) !== checksum(bytes)) throw damaged('its checksum is wrong');
  const from = new ChunkReader(bytes, BODY_AT);
  const count = from.byte() + 256 * from.byte() + 1;
  return { from, count, presence: from.byte() };
}

function readGpu(from: ChunkReader, count: number, presence: number): Float64Array {
  if (presence === ALWAYS) return readColumn(from, count);
  const gpu = new Float64Array(count).fill(Number.NaN);
  if (presence === NEVER) return gpu;
  if (presence !== SOMETIMES) throw damaged(`it has an unknown presence of GPU, ${presence}`);
  const present = from.compressed(Math.ceil(count / 8));
  const isKnown = (i: number) => ((present[i >> 3]! >> (i & 7)) & 1) === 1;
  let known = 0;
  for (let i = 0; i < count; i++) if (isKnown(i)) known++;
  const measured = readColumn(from, known);
  let next = 0;
  for (let i = 0; i < count; i++) if (isKnown(i)) gpu[i] = measured[next++]!;
  return gpu;
}

/** Unpacks the samples of a chunk. Throws ChunkError if it is damaged. */
export const unpackChunk = (bytes: Uint8Array): ChunkSample[] => samplesOf(unpackColumns(bytes));

/** Converts columns to samples. */
export function samplesOf({ count, times, cpu, memory, gpu }: ChunkColumns): ChunkSample[] {
  const samples = new Array<ChunkSample>(count);
  for (let i = 0; i < count; i++) {
    samples[i] = {
      timeMs: times[i]!,
      cpuUsage: cpu[i]!,
      memoryUsageMb: memory[i]!,
      gpuUsage: Number.isNaN(gpu[i]) ? null : gpu[i]!,
    };
  }
  return samples;
}
