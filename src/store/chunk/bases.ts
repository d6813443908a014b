/**
 * Some measures are nearly a sum of other columns, their bases: the time in the kernel is the CPU time that
 * is not user time. Such a column has the difference from that sum, which takes 4 of 17 bytes from the
 * samples of test/help/wide-noise.ts. docs/storage.md specifies the format.
 *
 *   bases     integer   their number; 0 if the column has the values themselves
 *     column  integer   of each: n: the n-th further column; 0: CPU; -1: memory
 *     factor  integer   in ten-thousandths
 *   decimals  1 byte    unless there are no bases
 *
 * The value of a sample is `round((difference + sum) × 10^decimals) / 10^decimals`; a base that the sample
 * does not have counts as 0.
 */
import type { FurtherColumn, SampleColumns } from '../../domain/readings.ts';
import { type ChunkReader, type ChunkWriter, damaged } from './bytes.ts';
import { decimalsOf, MAX_DECIMALS } from './column.ts';

/** Number of a column among all columns of the chunk. */
type ColumnNumber = number;
const CPU: ColumnNumber = 0;
const MEMORY: ColumnNumber = -1;

const FACTOR_UNITS = 10_000;
const MB_BYTES = 2 ** 20;

interface Base {
  readonly column: ColumnNumber;
  /** In ten-thousandths. */
  readonly factor: number;
}

export interface Bases {
  readonly bases: readonly Base[];
  readonly decimals: number;
}

/** Returns the values of any column of the chunk. */
type ColumnOf = (column: ColumnNumber) => Float64Array;

/** By the code of a measure of the job: the codes of the measures whose sum it nearly is, and their signs. */
const SUMS: Readonly<Record<number, readonly { code: number; sign: 1 | -1 }[]>> = {
  // cpu_system_seconds = cpu_seconds - cpu_user_seconds
  3: [
    { code: 1, sign: 1 },
    { code: 2, sign: -1 },
  ],
  // memory_current_bytes = anonymous + shared + cache + what the kernel takes
  7: [
    { code: 8, sign: 1 },
    { code: 9, sign: 1 },
    { code: 10, sign: 1 },
  ],
  // memory_anonymous_bytes = memory_usage_mb - shared
  8: [{ code: 9, sign: -1 }],
};
const CPUS_USED = 5;
const MEMORY_ANONYMOUS = 8;

/** Finds the bases of a column of a chunk; undefined if it has none. */
export function findBases(
  { code, gpu, values }: FurtherColumn,
  { cpu, further = [] }: Pick<SampleColumns, 'cpu' | 'further'>,
): Bases | undefined {
  if (gpu !== '') return undefined;
  const bases = (SUMS[code] ?? []).flatMap(({ code: other, sign }): Base[] => {
    const place = further.findIndex((one) => one.gpu === '' && one.code === other);
    return place < 0 ? [] : [{ column: place + 1, factor: sign * FACTOR_UNITS }];
  });
  if (code === MEMORY_ANONYMOUS) bases.push({ column: MEMORY, factor: MB_BYTES * FACTOR_UNITS });
  if (code === CPUS_USED) bases.push({ column: CPU, factor: ratioOf(values, cpu) });
  if (bases.length === 0) return undefined;
  const decimals = decimalsOf(values.filter((value) => !Number.isNaN(value)));
  return decimals === undefined ? undefined : { bases, decimals };
}

/** Returns the ratio of two columns where the second is largest, in ten-thousandths. */
function ratioOf(values: Float64Array, others: Float64Array): number {
  let [value, other] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (others[i]! > other && !Number.isNaN(values[i]!)) [value, other] = [values[i]!, others[i]!];
  }
  const ratio = Math.round((FACTOR_UNITS * value) / other);
  return Number.isSafeInteger(ratio) ? ratio : 0;
}

/** Returns a column less its bases; undefined if the values cannot be restored from that to the bit. */
export function subtractBases(
  values: Float64Array,
  { bases, decimals }: Bases,
  columnOf: ColumnOf,
): Float64Array | undefined {
  const power = 10 ** decimals;
  const sums = sumOf(bases, values.length, columnOf);
  // Adding 0 turns -0, which only doubles can store, into 0.
  const differences = values.map((value, i) => Math.round((value - sums[i]!) * power) / power + 0);
  const isSame = differences.every((difference, i) =>
    Object.is(restore(difference, sums[i]!, power), values[i]),
  );
  return isSame ? differences : undefined;
}

/** Adds its bases to a column. */
export function addBases(
  differences: Float64Array,
  { bases, decimals }: Bases,
  columnOf: ColumnOf,
): Float64Array {
  const power = 10 ** decimals;
  const sums = sumOf(bases, differences.length, columnOf);
  return differences.map((difference, i) => restore(difference, sums[i]!, power));
}

const restore = (difference: number, sum: number, power: number) =>
  Math.round((difference + sum) * power) / power;

function sumOf(bases: readonly Base[], count: number, columnOf: ColumnOf): Float64Array {
  const sums = new Float64Array(count);
  for (const { column, factor } of bases) {
    const values = columnOf(column);
    for (let i = 0; i < count; i++) {
      if (!Number.isNaN(values[i]!)) sums[i]! += (values[i]! * factor) / FACTOR_UNITS;
    }
  }
  return sums;
}

/** Returns a column of a chunk; `furtherAt` returns a further column by its place. */
export const columnFinder =
  (
    { cpu, memory }: Pick<SampleColumns, 'cpu' | 'memory'>,
    furtherAt: (place: number) => Float64Array,
  ): ColumnOf =>
  (column) => {
    if (column === CPU) return cpu;
    return column === MEMORY ? memory : furtherAt(column - 1);
  };

export function writeBases(out: ChunkWriter, found: Bases | undefined): void {
  out.integer(found?.bases.length ?? 0);
  for (const { column, factor } of found?.bases ?? []) {
    out.integer(column);
    out.integer(factor);
  }
  if (found) out.byte(found.decimals);
}

/** Reads the bases of one of `columns` further columns; undefined if it has none. */
export function readBases(from: ChunkReader, columns: number): Bases | undefined {
  const count = from.integer();
  if (count === 0) return undefined;
  if (count < 0 || count > columns + 2) throw damaged(`a column has ${count} bases`);
  const bases = Array.from({ length: count }, (): Base => {
    const column = from.integer();
    if (column < MEMORY || column > columns) throw damaged(`it has no column ${column}`);
    return { column, factor: from.integer() };
  });
  const decimals = from.byte();
  if (decimals > MAX_DECIMALS) throw damaged(`a column has ${decimals} decimals`);
  return { bases, decimals };
}
