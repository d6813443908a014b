/**
 * The totals of the lasting measures of a series (`sealed_measures.data`). docs/storage.md has the format.
 *
 *   version   1 byte    1
 *   names     integer   number of GPUs; then of each its UUID: length (integer) and bytes (UTF-8)
 *   totals    integer   number of measures, in the order of `compareFurther`; then of each:
 *     code    1 byte    number of the measure
 *     gpu     integer   0: of the job; n: of the n-th GPU
 *     count   integer   samples that have it
 *     zeros   integer   samples in which it was 0
 *     sum     number
 *     max     number
 *
 * A number is an integer n ≥ 0 for n, and else -1 and eight bytes (IEEE 754, little-endian).
 */
import type { MeasureTotals, SeriesMeasures } from '../../domain/measure-summary.ts';
import { ChunkReader, ChunkWriter, damaged } from './bytes.ts';

const VERSION = 1;
/** More than one measure takes, or the length of a name. */
const ENTRY_BYTES = 64;

export function packTotals(measures: SeriesMeasures): Uint8Array {
  const names = [...new Set(measures.map(({ gpu }) => gpu).filter((gpu) => gpu !== ''))];
  const texts = names.map((name) => new TextEncoder().encode(name));
  const bytes = texts.reduce((sum, { length }) => sum + length, 0);
  const out = new ChunkWriter(bytes + ENTRY_BYTES * (1 + names.length + measures.length));
  out.byte(VERSION);
  out.integer(names.length);
  for (const text of texts) {
    out.integer(text.length);
    out.bytes(text);
  }
  out.integer(measures.length);
  for (const { code, gpu, count, zeros, sum, max } of measures) {
    out.byte(code);
    out.integer(names.indexOf(gpu) + 1);
    out.integer(count);
    out.integer(zeros);
    writeNumber(out, sum);
    writeNumber(out, max);
  }
  return out.finish();
}

/** Throws ChunkError for bytes that `packTotals` did not write. */
export function unpackTotals(data: Uint8Array): SeriesMeasures {
  const from = new ChunkReader(data, 0);
  const version = from.byte();
  if (version !== VERSION) throw damaged(`its version is ${version}`);
  const names = readList(from, () => new TextDecoder().decode(from.bytes(from.integer())));
  const measures = readList(from, (): MeasureTotals => {
    const code = from.byte();
    const place = from.integer();
    const gpu = place === 0 ? '' : names[place - 1];
    if (gpu === undefined) throw damaged('a GPU has no name');
    const [count, zeros] = [from.integer(), from.integer()];
    return { code, gpu, count, zeros, sum: readNumber(from), max: readNumber(from) };
  });
  from.finish();
  return measures;
}

function readList<Item>(from: ChunkReader, read: () => Item): Item[] {
  const items: Item[] = [];
  // One by one, because a damaged length may be of any size.
  for (let left = from.integer(); left > 0; left--) items.push(read());
  return items;
}

function writeNumber(out: ChunkWriter, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) {
    out.integer(value);
    return;
  }
  out.integer(-1);
  out.bytes(new Uint8Array(Float64Array.of(value).buffer));
}

function readNumber(from: ChunkReader): number {
  const value = from.integer();
  if (value >= 0) return value;
  return new DataView(Uint8Array.from(from.bytes(8)).buffer).getFloat64(0, true);
}
