/**
 * A chunk: the sealed samples of one job on one node, stored by column and exact to the bit. docs/storage.md
 * specifies the format.
 *
 *   version   1 byte    1, or 2 if there are further measures
 *   checksum  4 bytes   CRC-32 of everything after it, starting from the version; little-endian
 *   count     2 bytes   number of samples minus one, little-endian
 *   presence  1 byte    GPU: 0 no sample has it, 1 every sample has it, 2 some have it
 *   columns             times in milliseconds, CPU, memory
 *   GPU                 if some have it: one bit a sample, lowest bit first, compressed; unless
 *                       none has it: the column of the samples that do
 *   further             in version 2: see further.ts
 *
 * Both versions are frozen (format.test.ts pins their bytes): another format gets another version, and these
 * stay readable. Reads of the three documented values skip the further measures.
 */
import { crc32 } from 'node:zlib';
import type { SampleColumns } from '../../domain/readings.ts';
import { ChunkError, ChunkReader, ChunkWriter, damaged } from './bytes.ts';
import { readColumn, writeColumn } from './column.ts';
import { measuredColumns, packFurther, unpackFurther } from './further.ts';
import { NEVER, readMeasured, readPresent, requireFinite, SOMETIMES, splitPresent } from './presence.ts';
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
const VERSION_WITH_FURTHER = 2;
const CHECKSUM_AT = 1;
const BODY_AT = 5;
const HEADER_BYTES = 8;

/** Packs samples as `packColumns` does. */
export const packChunk = (samples: readonly ChunkSample[]): Uint8Array => packColumns(columnsOf(samples));

/**
 * Packs 1 to 65,536 samples in the given order. Throws
 * RangeError for more, and for values that are not finite.
 */
export function packColumns(samples: ChunkColumns): Uint8Array {
  const { count, times, cpu, memory, gpu } = samples;
  if (count < 1 || count > MAX_CHUNK_SAMPLES) throw new RangeError(`A chunk cannot hold ${count} samples.`);
  requireFinite([times, cpu, memory]);
  const { present, measured, presence } = splitPresent(gpu);
  requireFinite([measured]);
  const further = measuredColumns(samples.further);
  const packed = further.length > 0 ? packFurther({ ...samples, further }) : undefined;
  const out = new ChunkWriter(greatestSize(count) + (packed?.length ?? 0));
  out.byte(packed ? VERSION_WITH_FURTHER : VERSION);
  for (let i = CHECKSUM_AT; i < BODY_AT; i++) out.byte(0);
  out.byte((count - 1) & 0xff);
  out.byte((count - 1) >> 8);
  out.byte(presence);
  writeColumn(out, times);
  writeColumn(out, cpu);
  writeColumn(out, memory);
  if (presence === SOMETIMES) out.compressed(present);
  if (presence !== NEVER) writeColumn(out, measured);
  if (packed) out.bytes(packed);
  const bytes = out.finish();
  viewOf(bytes).setUint32(CHECKSUM_AT, checksum(bytes), true);
  return bytes;
}

/** Four columns of at most eight bytes a value, with their heads and block headers. */
const greatestSize = (count: number) => 36 * count + 1024;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const checksum = (bytes: Uint8Array) => crc32(bytes.subarray(BODY_AT), bytes[0]);

/** Converts samples to columns. */
export const columnsOf = (samples: readonly ChunkSample[]): ChunkColumns => ({
  count: samples.length,
  times: Float64Array.from(samples, ({ timeMs }) => timeMs),
  cpu: Float64Array.from(samples, ({ cpuUsage }) => cpuUsage),
  memory: Float64Array.from(samples, ({ memoryUsageMb }) => memoryUsageMb),
  gpu: Float64Array.from(samples, ({ gpuUsage }) => gpuUsage ?? Number.NaN),
});

/** Unpacks a chunk to columns, with the `wanted` further measures. Throws ChunkError if it is damaged. */
export function unpackColumns(bytes: Uint8Array, wanted?: WantedMeasures): ChunkColumns {
  const { version, from, count, presence } = openChunk(bytes);
  const times = readColumn(from, count);
  const cpu = readColumn(from, count);
  const memory = readColumn(from, count);
  const gpu = readGpu(from, count, presence);
  const samples = { count, times, cpu, memory, gpu };
  if (version === VERSION) from.finish();
  if (version === VERSION || !wanted) return samples;
  const further = unpackFurther(from, samples, wanted);
  return further.length > 0 ? { ...samples, further } : samples;
}

/** Unpacks only the times of a chunk, which is a quarter of the work. Throws ChunkError if it is damaged. */
export function unpackTimes(bytes: Uint8Array): Float64Array {
  const { from, count } = openChunk(bytes);
  return readColumn(from, count);
}

/** Checks the version and the checksum. */
function openChunk(bytes: Uint8Array) {
  if (bytes.length < HEADER_BYTES) throw damaged('it ends too early');
  const version = bytes[0]!;
  if (version !== VERSION && version !== VERSION_WITH_FURTHER) {
    throw new ChunkError(
      `The chunk is of version ${version}, or damaged; this program reads versions ${VERSION} and ${VERSION_WITH_FURTHER}.`,
    );
  }
  if (viewOf(bytes).getUint32(CHECKSUM_AT, true) !== checksum(bytes)) throw damaged('its checksum is wrong');
  const from = new ChunkReader(bytes, BODY_AT);
  const count = from.byte() + 256 * from.byte() + 1;
  return { version, from, count, presence: from.byte() };
}

const readGpu = (from: ChunkReader, count: number, presence: number): Float64Array =>
  presence === NEVER
    ? new Float64Array(count).fill(Number.NaN)
    : readMeasured(from, count, readPresent(from, { count, presence, what: 'GPU' }));

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
