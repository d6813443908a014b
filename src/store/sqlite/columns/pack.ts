/**
 * The layout of packed numbers: a header of 32 bytes, then `width` bytes for each number, all little-endian.
 *
 *     0 width: 0 if all are equal, 1, 2 or 4 for codes, 8 for doubles
 *     4 how many, 8 the least, 16 the largest, 24 the scale
 *
 * A code is 0 for no number, else 1 + the number * scale - the least * scale, both rounded. Doubles are the
 * numbers themselves, and NaN is no number. The least and the largest are NaN if there is no number.
 */
const HEADER_BYTES = 32;
/** Whole numbers, and usages with up to three or six decimal places. */
const SCALES = [1, 1000, 1e6];
const CODES = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const;

/** Packs numbers so that exactly the same are read back; NaN stands for none. */
export function packNumbers(values: ArrayLike<number>): Uint8Array {
  const { low, high, hasNone } = spanOf(values);
  const isConstant = !hasNone && low === high;
  const isEmpty = Number.isNaN(low);
  const scale = isConstant || isEmpty ? 1 : SCALES.find((one) => isExact(values, low, one));
  const width =
    isConstant || isEmpty ? 0 : widthOf(scale && Math.round(high * scale) - Math.round(low * scale) + 1);
  const data = new Uint8Array(HEADER_BYTES + values.length * width);
  const header = new DataView(data.buffer);
  header.setUint8(0, width);
  header.setUint32(4, values.length, true);
  header.setFloat64(8, low, true);
  header.setFloat64(16, high, true);
  header.setFloat64(24, scale ?? 1, true);
  if (width === 8) new Float64Array(data.buffer, HEADER_BYTES).set(values);
  else if (width !== 0) {
    const codes = new CODES[width](data.buffer, HEADER_BYTES);
    const base = Math.round(low * scale!);
    for (let at = 0; at < values.length; at++) {
      const value = values[at]!;
      codes[at] = Number.isNaN(value) ? 0 : Math.round(value * scale!) - base + 1;
    }
  }
  return data;
}

/** Returns the least and the largest of packed numbers without unpacking them; NaN if there is none. */
export function spanOfPacked(data: Uint8Array): { low: number; high: number } {
  const header = headerOf(data);
  return { low: header.getFloat64(8, true), high: header.getFloat64(16, true) };
}

/** Returns how many bytes the packed numbers at the start of `data` take. */
export function packedBytes(data: Uint8Array): number {
  const header = headerOf(data);
  return HEADER_BYTES + header.getUint8(0) * header.getUint32(4, true);
}

/** Unpacks numbers, into `into` if it has room for them; throws RangeError if bytes are missing. */
export function unpackNumbers(packed: Uint8Array, into?: Float64Array): Float64Array {
  const header = headerOf(packed);
  const width = header.getUint8(0) as 0 | 1 | 2 | 4 | 8;
  const count = header.getUint32(4, true);
  const low = header.getFloat64(8, true);
  const values = count === into?.length ? into : new Float64Array(count);
  if (width === 0) return values.fill(low);
  // Typed arrays begin at multiples of their width.
  const data = packed.byteOffset % 8 === 0 ? packed : packed.slice();
  const start = data.byteOffset + HEADER_BYTES;
  if (width === 8) return new Float64Array(data.buffer as ArrayBuffer, start, count);
  values.set(new CODES[width](data.buffer as ArrayBuffer, start, count));
  const scale = header.getFloat64(24, true);
  decode(values, Math.round(low * scale) - 1, scale);
  return values;
}

/** Replaces codes. They are doubles already, because a loop over several kinds of array is slow. */
function decode(values: Float64Array, base: number, scale: number): void {
  for (let at = 0; at < values.length; at++) {
    const code = values[at]!;
    values[at] = code === 0 ? Number.NaN : (code + base) / scale;
  }
}

function spanOf(values: ArrayLike<number>): { low: number; high: number; hasNone: boolean } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let hasNone = false;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (Number.isNaN(value)) hasNone = true;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? { low: Number.NaN, high: Number.NaN, hasNone } : { low, high, hasNone };
}

/** Whether `decode` gives the same numbers back. */
function isExact(values: ArrayLike<number>, low: number, scale: number): boolean {
  const base = Math.round(low * scale) - 1;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (!Number.isNaN(value) && (Math.round(value * scale) - base + base) / scale !== value) return false;
  }
  return true;
}

/** Returns the bytes that codes up to the largest one need; 8 for doubles, if numbers cannot be codes. */
function widthOf(largest: number | undefined): 1 | 2 | 4 | 8 {
  if (largest === undefined || !(largest < 2 ** 32)) return 8;
  if (largest < 2 ** 8) return 1;
  return largest < 2 ** 16 ? 2 : 4;
}

const headerOf = (data: Uint8Array) => new DataView(data.buffer, data.byteOffset, HEADER_BYTES);

/** Texts of a block: each job's place in `words`; NaN if it has none. */
export interface Texts {
  readonly places: Float64Array;
  readonly words: readonly string[];
}

/** Packs texts as the places of the different ones, and those as JSON. */
export function packTexts(texts: readonly (string | null)[]): Uint8Array {
  const known = new Map<string, number>();
  const places = texts.map((text) => {
    if (text === null) return Number.NaN;
    const place = known.get(text) ?? known.size;
    known.set(text, place);
    return place;
  });
  return joinBytes(packNumbers(places), new TextEncoder().encode(JSON.stringify([...known.keys()])));
}

/** Unpacks texts, and their places into `into` if there is room. */
export function unpackTexts(data: Uint8Array, into?: Float64Array): Texts {
  const words = JSON.parse(new TextDecoder().decode(data.subarray(packedBytes(data)))) as string[];
  return { places: unpackNumbers(data, into), words };
}

/** Lists of numbers of a block: each job's number of them, and all of them job by job. */
export interface NumberLists {
  readonly counts: Float64Array;
  readonly values: Float64Array;
}

/** Packs a list of numbers for each job, which may be empty. */
export function packLists(lists: readonly (readonly number[])[]): Uint8Array {
  return joinBytes(packNumbers(lists.map(({ length }) => length)), packNumbers(lists.flat()));
}

/** Unpacks lists of numbers, and how many each has into `into` if there is room. */
export function unpackLists(data: Uint8Array, into?: Float64Array): NumberLists {
  return { counts: unpackNumbers(data, into), values: unpackNumbers(data.subarray(packedBytes(data))) };
}

function joinBytes(one: Uint8Array, other: Uint8Array): Uint8Array {
  const joined = new Uint8Array(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}
