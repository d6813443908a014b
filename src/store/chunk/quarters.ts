/**
 * Quarters: sums, minima and maxima of the samples of a chunk in each 15 minutes, so that a plot of a long
 * job reads these instead of the samples. docs/storage.md specifies the format.
 *
 *   version   1 byte    1
 *   checksum  4 bytes   CRC-32 of everything after it, starting from the version; little-endian
 *   count     integer   number of quarters
 *   columns             number of the quarter since 1970 minus that of the one before; samples
 *   CPU, memory         a measure each
 *   presence  1 byte    GPU: 0 no sample has it, 1 every sample has it, 2 some have it
 *   GPU                 if some have it: a column with the samples that do; unless none has it: a measure
 *
 * A measure is 1 byte with its decimals and three columns in units of the last decimal: the minimum, the
 * maximum minus the minimum, and the sum minus the minimum times the samples. With 7 as decimals, the three
 * columns are doubles: minimum, maximum, sum. Any other column is an integer (its minimum), 1 byte (bits a
 * value), and each value minus the minimum in that many bits, lowest bit first. Nothing is compressed
 * further, because that would take most of the time to read.
 */
import { crc32 } from 'node:zlib';
import type { MeasureSums, SpanSums } from '../../domain/spans.ts';
import { POINT_SPAN_MS } from '../../domain/summary.ts';
import { ChunkReader, ChunkWriter, damaged } from './bytes.ts';

const VERSION = 1;
const CHECKSUM_AT = 1;
const BODY_AT = 5;
const PLAIN_DOUBLES = 7;
const POWERS_OF_TEN = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];
/** Integers up to this, and their sums, are exact in doubles. */
const MAX_INTEGER = 2 ** 48;
const NEVER = 0;
const ALWAYS = 1;
const SOMETIMES = 2;

/** Packs the quarters of one node. */
export function packQuarters(sums: SpanSums): Uint8Array {
  const { count, times, samples, gpuSamples } = sums;
  const out = new ChunkWriter(256 + 128 * count);
  out.byte(VERSION);
  for (let i = CHECKSUM_AT; i < BODY_AT; i++) out.byte(0);
  out.integer(count);
  const quarters = times.map((timeMs) => timeMs / POINT_SPAN_MS);
  writeIntegers(
    out,
    quarters.map((quarter, i) => (i === 0 ? quarter : quarter - quarters[i - 1]!)),
  );
  writeIntegers(out, samples);
  writeMeasure(out, sums.cpu, samples);
  writeMeasure(out, sums.memory, samples);
  const presence = presenceOf(samples, gpuSamples);
  out.byte(presence);
  if (presence === SOMETIMES) writeIntegers(out, gpuSamples);
  if (presence !== NEVER) writeMeasure(out, sums.gpu, gpuSamples);
  const bytes = out.finish();
  new DataView(bytes.buffer).setUint32(CHECKSUM_AT, checksum(bytes), true);
  return bytes;
}

const checksum = (bytes: Uint8Array) => crc32(bytes.subarray(BODY_AT), bytes[0]);

function presenceOf(samples: Float64Array, gpuSamples: Float64Array): number {
  if (gpuSamples.every((count) => count === 0)) return NEVER;
  return gpuSamples.every((count, i) => count === samples[i]) ? ALWAYS : SOMETIMES;
}

/**
 * Unpacks quarters, exact to the bit if all values have at
 * most six decimals. Throws ChunkError if they are damaged.
 */
export function unpackQuarters(bytes: Uint8Array): SpanSums {
  if (bytes[0] !== VERSION || bytes.length <= BODY_AT) throw damaged('its quarters have an unknown version');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(CHECKSUM_AT, true) !== checksum(bytes))
    throw damaged('the checksum of its quarters is wrong');
  const from = new ChunkReader(bytes, BODY_AT);
  const count = from.integer();
  const times = readIntegers(from, count);
  for (let i = 1; i < count; i++) times[i]! += times[i - 1]!;
  for (let i = 0; i < count; i++) times[i]! *= POINT_SPAN_MS;
  const samples = readIntegers(from, count);
  const cpu = readMeasure(from, samples);
  const memory = readMeasure(from, samples);
  const presence = from.byte();
  const gpuSamples =
    presence === NEVER ? new Float64Array(count) : presence === ALWAYS ? samples : readIntegers(from, count);
  const gpu = presence === NEVER ? noMeasure(count) : readMeasure(from, gpuSamples);
  from.finish();
  return { count, times, samples, gpuSamples, cpu, memory, gpu };
}

const noMeasure = (count: number): MeasureSums => ({
  sum: new Float64Array(count),
  min: new Float64Array(count).fill(Number.POSITIVE_INFINITY),
  max: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
});

/** Writes zeros for quarters without samples. */
function writeMeasure(out: ChunkWriter, measure: MeasureSums, samples: Float64Array): void {
  const decimals = decimalsOf(measure, samples);
  out.byte(decimals);
  const isSome = (i: number) => samples[i]! > 0;
  if (decimals === PLAIN_DOUBLES) {
    for (const column of [measure.min, measure.max, measure.sum]) {
      writeDoubles(
        out,
        column.map((value, i) => (isSome(i) ? value : 0)),
      );
    }
    return;
  }
  const power = POWERS_OF_TEN[decimals]!;
  const units = (column: Float64Array) =>
    column.map((value, i) => (isSome(i) ? Math.round(value * power) : 0));
  const [min, max, sum] = [units(measure.min), units(measure.max), units(measure.sum)];
  writeIntegers(out, min);
  writeIntegers(
    out,
    max.map((value, i) => value - min[i]!),
  );
  writeIntegers(
    out,
    sum.map((value, i) => value - min[i]! * samples[i]!),
  );
}

function readMeasure(from: ChunkReader, samples: Float64Array): MeasureSums {
  const count = samples.length;
  const decimals = from.byte();
  if (decimals > PLAIN_DOUBLES) throw damaged('its quarters have too many decimals');
  const isPlain = decimals === PLAIN_DOUBLES;
  const read = isPlain ? readDoubles : readIntegers;
  const [min, max, sum] = [read(from, count), read(from, count), read(from, count)];
  const power = POWERS_OF_TEN[decimals] ?? 1;
  for (let i = 0; i < count; i++) {
    if (samples[i] === 0) {
      min[i] = Number.POSITIVE_INFINITY;
      max[i] = Number.NEGATIVE_INFINITY;
    } else if (!isPlain) {
      sum[i] = (sum[i]! + min[i]! * samples[i]!) / power;
      max[i] = (max[i]! + min[i]!) / power;
      min[i]! /= power;
    }
  }
  return { min, max, sum };
}

/**
 * Returns how many decimals write all values exactly, apart from rounding errors in the last bits of sums; 7
 * if six are too few.
 */
function decimalsOf({ min, max, sum }: MeasureSums, samples: Float64Array): number {
  for (const [decimals, power] of POWERS_OF_TEN.entries()) {
    const fits = samples.every((count, i) => {
      if (count === 0) return true;
      const units = sum[i]! * power;
      return (
        isExact(min[i]!, power) &&
        isExact(max[i]!, power) &&
        Math.abs(units - Math.round(units)) < 1e-3 &&
        Math.abs(units) < MAX_INTEGER
      );
    });
    if (fits) return decimals;
  }
  return PLAIN_DOUBLES;
}

const isExact = (value: number, power: number): boolean =>
  Math.round(value * power) / power === value && Math.abs(value) * power < MAX_INTEGER;

/** Bits that are moved at once: as many as fit into 32 together with a partial byte. */
const MAX_BITS_AT_ONCE = 24;

function writeIntegers(out: ChunkWriter, values: Float64Array): void {
  const least = values.reduce((min, value) => Math.min(min, value), Number.POSITIVE_INFINITY);
  const range = values.reduce((max, value) => Math.max(max, value - least), 0);
  const bits = range === 0 ? 0 : Math.floor(Math.log2(range)) + 1;
  out.integer(least);
  out.byte(bits);
  let waiting = 0;
  let held = 0;
  for (const value of values) {
    let rest = value - least;
    for (let left = bits; left > 0; left -= MAX_BITS_AT_ONCE) {
      const part = rest % 2 ** MAX_BITS_AT_ONCE;
      rest = (rest - part) / 2 ** MAX_BITS_AT_ONCE;
      waiting |= part << held;
      for (held += Math.min(left, MAX_BITS_AT_ONCE); held >= 8; held -= 8) {
        out.byte(waiting & 0xff);
        waiting >>>= 8;
      }
    }
  }
  if (held > 0) out.byte(waiting & 0xff);
}

function readIntegers(from: ChunkReader, count: number): Float64Array {
  const least = from.integer();
  const bits = from.byte();
  const values = new Float64Array(count).fill(least);
  if (bits === 0) return values;
  if (bits > 49) throw damaged('a number of its quarters is too large');
  let waiting = 0;
  let held = 0;
  for (let i = 0; i < count; i++) {
    let weight = 1;
    for (let left = bits; left > 0; left -= MAX_BITS_AT_ONCE) {
      const part = Math.min(left, MAX_BITS_AT_ONCE);
      for (; held < part; held += 8) waiting |= from.byte() << held;
      values[i]! += (waiting & ((1 << part) - 1)) * weight;
      waiting >>>= part;
      held -= part;
      weight *= 2 ** MAX_BITS_AT_ONCE;
    }
  }
  return values;
}

const BYTES_OF_DOUBLE = 8;

function writeDoubles(out: ChunkWriter, values: Float64Array): void {
  for (const byte of new Uint8Array(values.slice().buffer)) out.byte(byte);
}

function readDoubles(from: ChunkReader, count: number): Float64Array {
  const bytes = new Uint8Array(count * BYTES_OF_DOUBLE);
  for (let i = 0; i < bytes.length; i++) bytes[i] = from.byte();
  return new Float64Array(bytes.buffer);
}
