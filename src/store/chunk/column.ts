/**
 * One column of a chunk. docs/storage.md specifies the format.
 *
 *   head      1 byte   deltas (0 to 2) + 4 × decimals (0 to 6), or 3: doubles
 *   integers: first, step, centre (as ChunkWriter.integer writes them); tokens and bits, each compressed
 *   doubles:  eight planes, each compressed: the lowest byte of every value, then the next, up to the
 *             highest (the order in memory, because Bun runs on little-endian machines only)
 *
 * The integers are `value × 10^decimals`. `first` is subtracted from each, and the difference is divided by
 * `step`, their greatest common divisor. Then, `deltas` times, each but the first is replaced by its
 * difference from the one before. `centre` is subtracted, and zigzag moves the sign to the lowest bit: 0, -1,
 * 1, -2 become 0, 1, 2, 3.
 *
 * The results are small numbers, written like floating-point numbers: below 8 the token is the number itself.
 * Otherwise the token is 8 + 4 × (e - 3) + the two bits below the highest bit, number e, and the remaining
 * e - 2 bits follow in `bits`, lowest first. So the tokens hold what can be compressed, and the bits hold
 * the noise.
 *
 * The number of tokens is the number of values, and the length of the bits follows from the tokens, so
 * neither is written.
 */
import { type ChunkReader, type ChunkWriter, damaged } from './bytes.ts';

const DOUBLES = 3;
const MAX_DELTAS = 2;
const POWERS_OF_TEN = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];
export const MAX_DECIMALS = POWERS_OF_TEN.length - 1;
/** Two deltas, a centre and zigzag make a number up to 16 times as large, which must still be exact. */
const MAX_SPAN = 2 ** 47;

/** Writes a column of one or more values in the smallest exact form. */
export function writeColumn(out: ChunkWriter, values: Float64Array): void {
  const decimals = decimalsOf(values);
  const integers = decimals === undefined ? undefined : scale(values, POWERS_OF_TEN[decimals]!);
  if (decimals === undefined || !integers) {
    writeDoubles(out, values);
    return;
  }
  const first = integers[0]!;
  const step = relate(integers, first);
  let best = tokenize(integers, 0);
  for (let deltas = 1; deltas <= MAX_DELTAS; deltas++) {
    takeDeltas(integers);
    const next = tokenize(integers, deltas);
    if (next.cost < best.cost) best = next;
  }
  out.byte(best.deltas + 4 * decimals);
  out.integer(first);
  out.integer(step);
  out.integer(best.centre);
  out.compressed(best.tokens);
  out.compressed(packBits(best));
}

/** Reads a column of `count` values. */
export function readColumn(from: ChunkReader, count: number): Float64Array {
  const head = from.byte();
  if (head === DOUBLES) return readDoubles(from, count);
  const deltas = head & 3;
  const power = POWERS_OF_TEN[head >> 2];
  if (deltas > MAX_DELTAS || power === undefined) throw damaged(`a column has the unknown head ${head}`);
  const first = from.integer();
  const step = from.integer();
  const centre = from.integer();
  const tokens = from.compressed(count);
  const values = unpackBits(tokens, from.compressed(bytesOfBits(tokens)), centre);
  for (let round = 0; round < deltas; round++) {
    for (let i = 1; i < count; i++) values[i]! += values[i - 1]!;
  }
  if (power === 1) for (let i = 0; i < count; i++) values[i] = values[i]! * step + first;
  else for (let i = 0; i < count; i++) values[i] = (values[i]! * step + first) / power;
  return values;
}

/** Returns how many decimals write every value exactly; undefined if more than six are needed, or for -0. */
export function decimalsOf(values: Float64Array): number | undefined {
  let decimals = 0;
  let power = 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    while (Math.round(value * power) / power !== value) {
      decimals++;
      if (decimals === POWERS_OF_TEN.length) return undefined;
      power = POWERS_OF_TEN[decimals]!;
    }
    if (value === 0 && 1 / value < 0) return undefined;
  }
  return decimals;
}

/** Returns the values as integers; undefined if they are too large or too far apart to be exact. */
function scale(values: Float64Array, power: number): Float64Array | undefined {
  const integers = new Float64Array(values.length);
  const first = Math.round(values[0]! * power);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const integer = Math.round(value * power);
    const isExact = integer / power === value && Number.isSafeInteger(integer);
    if (!isExact || Math.abs(integer - first) >= MAX_SPAN) return undefined;
    integers[i] = integer;
  }
  return integers;
}

/**
 * Makes integers relative to the first and divides them by their greatest common divisor, which it returns.
 */
function relate(integers: Float64Array, first: number): number {
  let step = 0;
  for (let i = 0; i < integers.length; i++) {
    integers[i]! -= first;
    if (step !== 1) step = greatestCommonDivisor(step, Math.abs(integers[i]!));
  }
  if (step > 1) for (let i = 0; i < integers.length; i++) integers[i]! /= step;
  return Math.max(step, 1);
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

function takeDeltas(integers: Float64Array): void {
  for (let i = integers.length - 1; i > 0; i--) integers[i]! -= integers[i - 1]!;
}

interface Tokens {
  readonly deltas: number;
  readonly centre: number;
  /** The numbers that the tokens represent. */
  readonly numbers: Float64Array;
  readonly tokens: Uint8Array;
  /** Estimated size in bits. */
  readonly cost: number;
}

function tokenize(integers: Float64Array, deltas: number): Tokens {
  const count = integers.length;
  const centre = centreOf(integers);
  const numbers = new Float64Array(count);
  const tokens = new Uint8Array(count);
  const frequency = new Uint32Array(TOKENS);
  for (let i = 0; i < count; i++) {
    const distance = integers[i]! - centre;
    const number = distance < 0 ? -2 * distance - 1 : 2 * distance;
    const token = tokenOf(number);
    numbers[i] = number;
    tokens[i] = token;
    frequency[token]!++;
  }
  let cost = 0;
  for (let token = 0; token < TOKENS; token++) {
    const times = frequency[token]!;
    if (times > 0) cost += times * (Math.log2(count / times) + BITS[token]!);
  }
  return { deltas, centre, numbers, tokens, cost };
}

/** Estimates the median from 31 values. */
function centreOf(integers: Float64Array): number {
  const few = new Float64Array(Math.min(integers.length, 31));
  const stride = integers.length / few.length;
  for (let i = 0; i < few.length; i++) few[i] = integers[Math.floor((i + 0.5) * stride)]!;
  return few.sort()[few.length >> 1]!;
}

const TOKENS = 208;
/** By token: its smallest number, and how many more bits follow. */
const BASES = new Float64Array(TOKENS);
const BITS = new Uint8Array(TOKENS);
for (let token = 0; token < TOKENS; token++) {
  BITS[token] = Math.max(0, (token >> 2) - 1);
  BASES[token] = token < 8 ? token : (4 + (token & 3)) * 2 ** BITS[token]!;
}

function tokenOf(number: number): number {
  if (number < 8) return number;
  if (number >= 2 ** 32) return 4 * 22 + tokenOf(Math.floor(number / 2 ** 22));
  const bits = 29 - Math.clz32(number);
  return 4 * bits + 4 + ((number >>> bits) & 3);
}

function bytesOfBits(tokens: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]! >= TOKENS) throw damaged(`a column has the unknown token ${tokens[i]}`);
    bits += BITS[tokens[i]!]!;
  }
  return Math.ceil(bits / 8);
}

/** Bits that are moved at once: as many as fit into 32 together with a partial byte. */
const MAX_BITS_AT_ONCE = 24;

/** Packs the bits that the tokens leave out. */
function packBits({ numbers, tokens }: Tokens): Uint8Array {
  const bytes = new Uint8Array(bytesOfBits(tokens));
  let at = 0;
  let waiting = 0;
  let held = 0;
  for (let i = 0; i < tokens.length; i++) {
    let rest = numbers[i]! - BASES[tokens[i]!]!;
    for (let bits = BITS[tokens[i]!]!; bits > 0; bits -= MAX_BITS_AT_ONCE) {
      const part = rest % 2 ** MAX_BITS_AT_ONCE;
      rest = (rest - part) / 2 ** MAX_BITS_AT_ONCE;
      waiting |= part << held;
      held += Math.min(bits, MAX_BITS_AT_ONCE);
      for (; held >= 8; held -= 8) {
        bytes[at++] = waiting;
        waiting >>>= 8;
      }
    }
  }
  if (held > 0) bytes[at] = waiting;
  return bytes;
}

/** Returns the integers, with their centre added. */
function unpackBits(tokens: Uint8Array, bytes: Uint8Array, centre: number): Float64Array {
  const integers = new Float64Array(tokens.length);
  let at = 0;
  let waiting = 0;
  let held = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const bits = BITS[token]!;
    for (const needed = Math.min(bits, MAX_BITS_AT_ONCE); held < needed; held += 8) {
      waiting |= bytes[at++]! << held;
    }
    if (bits <= MAX_BITS_AT_ONCE) {
      // Nearly all numbers are small, and 32-bit integers are five times as fast as doubles here.
      const number = (BASES[token]! | 0) + (waiting & ((1 << bits) - 1));
      waiting >>>= bits;
      held -= bits;
      integers[i] = centre + ((number >>> 1) ^ -(number & 1));
      continue;
    }
    let number = BASES[token]!;
    let weight = 1;
    for (let rest = bits; rest > 0; rest -= MAX_BITS_AT_ONCE) {
      const part = Math.min(rest, MAX_BITS_AT_ONCE);
      for (; held < part; held += 8) waiting |= bytes[at++]! << held;
      number += (waiting & ((1 << part) - 1)) * weight;
      waiting >>>= part;
      held -= part;
      weight *= 2 ** MAX_BITS_AT_ONCE;
    }
    integers[i] = centre + (number % 2 === 0 ? number / 2 : -(number + 1) / 2);
  }
  return integers;
}

const BYTES_OF_DOUBLE = 8;

function writeDoubles(out: ChunkWriter, values: Float64Array): void {
  out.byte(DOUBLES);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const plane = new Uint8Array(values.length);
  for (let place = 0; place < BYTES_OF_DOUBLE; place++) {
    for (let i = 0; i < plane.length; i++) plane[i] = bytes[i * BYTES_OF_DOUBLE + place]!;
    out.compressed(plane);
  }
}

function readDoubles(from: ChunkReader, count: number): Float64Array {
  const values = new Float64Array(count);
  const bytes = new Uint8Array(values.buffer);
  for (let place = 0; place < BYTES_OF_DOUBLE; place++) {
    const plane = from.compressed(count);
    for (let i = 0; i < count; i++) bytes[i * BYTES_OF_DOUBLE + place] = plane[i]!;
  }
  return values;
}
