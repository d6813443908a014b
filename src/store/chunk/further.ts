/**
 * The further measures of a chunk of version 2. docs/storage.md specifies the format.
 *
 *   names     integer   number of GPUs; then of each its UUID: length (integer) and bytes (UTF-8)
 *   columns   integer   number of columns, in the order of `compareFurther`; then of each:
 *     code      1 byte    number of the measure
 *     gpu       integer   0: of the job; n: of the n-th GPU
 *     length    integer   bytes of the rest, so that a column can be skipped
 *     presence  1 byte    1 every sample has it, 2 some have it
 *     present             if some have it: one bit a sample, lowest bit first, compressed
 *     bases               see bases.ts
 *     values    column    of the samples that have it, less the bases
 */
import { compareFurther, type FurtherColumn, type SampleColumns } from '../../domain/readings.ts';
import { addBases, columnFinder, findBases, readBases, subtractBases, writeBases } from './bases.ts';
import { ChunkReader, ChunkWriter, damaged } from './bytes.ts';
import { writeColumn } from './column.ts';
import { readMeasured, readPresent, requireFinite, SOMETIMES, splitPresent } from './presence.ts';
import { isWanted, type WantedMeasures } from './wanted.ts';

/** Returns the columns in which something was measured. */
export const measuredColumns = (further: readonly FurtherColumn[] = []): FurtherColumn[] =>
  further.filter(({ values }) => values.some((value) => !Number.isNaN(value)));

/** Packs the further columns; each must have a value. Throws RangeError for one not finite. */
export function packFurther(samples: SampleColumns & { further: readonly FurtherColumn[] }): Uint8Array {
  const { further: columns } = samples;
  const names = [...new Set(columns.map(({ gpu }) => gpu).filter((gpu) => gpu !== ''))];
  const texts = names.map((name) => new TextEncoder().encode(name));
  const bodies = columns.map((column) => packValues(column, samples));
  const bytes = [...texts, ...bodies].reduce((sum, part) => sum + part.length, 0);
  const out = new ChunkWriter(bytes + HEAD_BYTES * (1 + names.length + columns.length));
  out.integer(names.length);
  for (const text of texts) {
    out.integer(text.length);
    out.bytes(text);
  }
  out.integer(columns.length);
  for (const [place, { code, gpu }] of columns.entries()) {
    out.byte(code);
    out.integer(names.indexOf(gpu) + 1);
    out.integer(bodies[place]!.length);
    out.bytes(bodies[place]!);
  }
  return out.finish();
}

/** More than the code, place and length of a column, or the length of a name. */
const HEAD_BYTES = 32;

function packValues(column: FurtherColumn, samples: SampleColumns): Uint8Array {
  const bases = findBases(column, samples);
  const columnOf = columnFinder(samples, (place) => samples.further![place]!.values);
  const differences = bases && subtractBases(column.values, bases, columnOf);
  const isLess = differences && roughness(differences) < roughness(column.values);
  return isLess ? packLess(differences, bases) : packLess(column.values, undefined);
}

/** Estimates the bits that a column takes, in a fiftieth of the time of packing it. */
function roughness(values: Float64Array): number {
  let sum = 0;
  let before = Number.NaN;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    sum += Math.log2(1 + Math.abs(value - before) * FINEST) || 0;
    before = value;
  }
  return sum;
}

/** Parts of a unit that values may have. */
const FINEST = 1e6;

function packLess(values: Float64Array, bases: Parameters<typeof writeBases>[1]): Uint8Array {
  const { present, measured, presence } = splitPresent(values);
  requireFinite([measured]);
  const out = new ChunkWriter(10 * values.length + 1024);
  out.byte(presence);
  if (presence === SOMETIMES) out.compressed(present);
  writeBases(out, bases);
  writeColumn(out, measured);
  return out.finish();
}

/** A column whose values have not been read. */
interface PackedColumn extends Pick<FurtherColumn, 'code' | 'gpu'> {
  readonly body: Uint8Array;
}

/** Unpacks the wanted further columns of samples, to the end of the chunk. */
export function unpackFurther(
  from: ChunkReader,
  samples: SampleColumns,
  wanted: WantedMeasures,
): FurtherColumn[] {
  const columns = readColumns(from);
  /** Undefined while a column is being read. */
  const known = new Map<number, Float64Array | undefined>();
  const columnOf = columnFinder(samples, valuesAt);

  function valuesAt(place: number): Float64Array {
    if (!known.has(place)) {
      known.set(place, undefined);
      known.set(place, unpackValues(columns[place]!.body));
    }
    const values = known.get(place);
    if (!values) throw damaged('a column is its own base');
    return values;
  }

  function unpackValues(body: Uint8Array): Float64Array {
    const part = new ChunkReader(body, 0);
    const presence = part.byte();
    const present = readPresent(part, { count: samples.count, presence, what: 'a measure' });
    const bases = readBases(part, columns.length);
    const values = readMeasured(part, samples.count, present);
    part.finish();
    return bases ? addBases(values, bases, columnOf) : values;
  }

  return [...columns.entries()]
    .filter(([, column]) => isWanted(wanted, column.code, column.gpu !== ''))
    .map(([place, { code, gpu }]) => ({ code, gpu, values: valuesAt(place) }));
}

function readColumns(from: ChunkReader): PackedColumn[] {
  const names: string[] = [''];
  const decoder = new TextDecoder();
  for (let left = from.integer(); left > 0; left--) names.push(decoder.decode(from.bytes(from.integer())));
  const columns: PackedColumn[] = [];
  for (let left = from.integer(); left > 0; left--) {
    const code = from.byte();
    const gpu = names[from.integer()];
    if (gpu === undefined) throw damaged('a column is of an unknown GPU');
    const column = { code, gpu, body: from.bytes(from.integer()) };
    const before = columns.at(-1);
    if (before && compareFurther(before, column) >= 0) throw damaged('its columns are not in order');
    columns.push(column);
  }
  from.finish();
  return columns;
}
