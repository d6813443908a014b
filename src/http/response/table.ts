import type { RowFormat } from '../../api/media-type.ts';

/** A value of a row. Items of a list are separated by blanks; an absent value is empty. */
type Value = unknown;

/**
 * Matches a cell that a spreadsheet would run as a formula, with the apostrophes that `guard` may have added.
 */
const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * Puts an apostrophe before a text, such as a job's name, that a spreadsheet would run as a formula. Programs
 * get the text back by removing one apostrophe where FORMULA matches. Numbers are not changed.
 */
const guard = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** Returns one line of CSV (RFC 4180), its texts guarded against spreadsheets. */
export const csvLine = (values: readonly Value[]): string =>
  `${values
    .map((value) => {
      const text = typeof value === 'number' ? String(value) : guard(textOf(value));
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',')}\r\n`;

const textOf = (value: Value): string => (Array.isArray(value) ? value.join(' ') : String(value ?? ''));

type Row = Readonly<Record<string, Value>>;

/** Rows per part of the text; rendering them takes well under a millisecond. */
const ROWS_AT_ONCE = 50;

/**
 * Renders rows as text, in parts between which other requests run; CSV starts with the names of its columns.
 */
export async function* renderRows(
  batches: AsyncIterable<readonly Row[]>,
  format: Exclude<RowFormat, 'json'>,
  columns: readonly string[],
): AsyncGenerator<string> {
  const writeRow = (row: Row) =>
    format === 'csv' ? csvLine(columns.map((column) => row[column])) : `${JSON.stringify(row)}\n`;
  if (format === 'csv') yield csvLine(columns);
  for await (const rows of batches) {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      yield rows
        .slice(at, at + ROWS_AT_ONCE)
        .map(writeRow)
        .join('');
    }
  }
}
