import type { Row, Value } from './side.ts';

/** Sums wrap at 64 bits. */
const WRAP = 2n ** 64n - 1n;

/** The checksum of no rows. */
export const NO_ROWS = '0';

/**
 * A number, a text, bytes and nothing never look alike: the kind comes first, and lengths before contents.
 */
function describe(value: Value): string {
  if (value === null) return '_';
  // Engines differ in whether they keep the sign of zero.
  if (typeof value === 'number') return `n${value === 0 ? 0 : value}`;
  return typeof value === 'string' ? `t${value.length}:${value}` : `b${value.length}:${Bun.hash(value)}`;
}

/**
 * Adds rows to the checksum of a table: the sum of a 64-bit hash of each row with its place. It depends on
 * values and their order, and not on the engine or on how rows were cut into pages. `from` is the place of
 * the first row.
 */
export function addRows(checksum: string, rows: readonly Row[], from: number): string {
  let sum = BigInt(`0x${checksum}`);
  for (const [at, row] of rows.entries()) {
    let text = `${from + at}`;
    for (const value of row) text += `|${describe(value)}`;
    sum = (sum + BigInt(Bun.hash(text))) & WRAP;
  }
  return sum.toString(16);
}
