import { type ChunkReader, damaged } from './bytes.ts';
import { readColumn } from './column.ts';

// Which samples of a chunk have a value: none, every one, or those that a bit each says.
export const NEVER = 0;
export const ALWAYS = 1;
export const SOMETIMES = 2;

/** Returns the values that are not NaN, one bit a sample that is set if it has one, and the presence. */
export function splitPresent(values: Float64Array) {
  const present = new Uint8Array(Math.ceil(values.length / 8));
  const measured = new Float64Array(values.length);
  let known = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue;
    measured[known++] = values[i]!;
    present[i >> 3]! |= 1 << (i & 7);
  }
  const presence = known === 0 ? NEVER : known === values.length ? ALWAYS : SOMETIMES;
  return { present, measured: measured.subarray(0, known), presence };
}

/** Throws RangeError for a value that is not finite. */
export function requireFinite(columns: readonly Float64Array[]): void {
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      if (!Number.isFinite(column[i]!)) {
        throw new RangeError(`Sample ${i} of a chunk has a value that is not finite.`);
      }
    }
  }
}

interface Present {
  readonly count: number;
  readonly presence: number;
  /** The values that it speaks of, for messages. */
  readonly what: string;
}

/** Reads the bits that say which of `count` samples have a value; undefined if all have. */
export function readPresent(from: ChunkReader, { count, presence, what }: Present): Uint8Array | undefined {
  if (presence === ALWAYS) return undefined;
  if (presence !== SOMETIMES) throw damaged(`it has an unknown presence of ${what}, ${presence}`);
  return from.compressed(Math.ceil(count / 8));
}

/** Reads a column that only the samples in `present` have, if it is given; NaN for the others. */
export function readMeasured(
  from: ChunkReader,
  count: number,
  present: Uint8Array | undefined,
): Float64Array {
  if (!present) return readColumn(from, count);
  const isKnown = (i: number) => ((present[i >> 3]! >> (i & 7)) & 1) === 1;
  let known = 0;
  for (let i = 0; i < count; i++) if (isKnown(i)) known++;
  const measured = readColumn(from, known);
  const values = new Float64Array(count).fill(Number.NaN);
  let next = 0;
  for (let i = 0; i < count; i++) if (isKnown(i)) values[i] = measured[next++]!;
  return values;
}
