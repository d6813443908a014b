/** The ways a list is written: one JSON document, or a row at a time. */
export const ROW_FORMATS = ['json', 'csv', 'ndjson'] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

export const MEDIA_TYPE: Record<RowFormat, string> = {
  json: 'application/json',
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
};

/** The format that an Accept header likes best; JSON where it likes another one no better, or none of them. */
export function chooseFormat(accept: string | null): RowFormat {
  if (accept === null || accept === '*/*') return 'json';
  const ranges = accept.toLowerCase().split(',').map(parseRange);
  const liked = ROW_FORMATS.map((format) => ({ format, ...likingOf(MEDIA_TYPE[format], ranges) }));
  // Sorting is stable, so that JSON comes before what is liked just as much.
  liked.sort((a, b) => b.quality - a.quality || b.precision - a.precision);
  return liked[0]!.quality > 0 ? liked[0]!.format : 'json';
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const quality = parameters.map((one) => /^q=([01](?:\.\d{0,3})?)$/.exec(one)?.[1]).find(Boolean);
  return { type, quality: quality === undefined ? 1 : Math.min(1, Number(quality)) };
}

/** The quality of a media type under the range that names it most precisely: itself, its family, or everything. */
function likingOf(mediaType: string, ranges: readonly Range[]) {
  const names = ['*/*', mediaType.replace(/\/.*/, '/*'), mediaType];
  for (const precision of [2, 1, 0]) {
    const range = ranges.find(({ type }) => type === names[precision]);
    if (range) return { quality: range.quality, precision };
  }
  return { quality: 0, precision: 0 };
}

/** A value of a row; lists are written with blanks between their parts, and what is absent is written as nothing. */
type Value = unknown;

/** What makes a spreadsheet take a cell for a formula; the quotes are those that `guard` may have put before it. */
const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * Puts an apostrophe before a text that a spreadsheet would run as a formula, as a job's name may be. A program that wants the
 * text back removes one apostrophe where FORMULA matches. Numbers are no texts, and stay as they are.
 */
const guard = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** One line of CSV as in RFC 4180, its texts guarded against spreadsheets. */
export const csvLine = (values: readonly Value[]): string =>
  `${values
    .map((value) => {
      const text = typeof value === 'number' ? String(value) : guard(textOf(value));
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',')}\r\n`;

const textOf = (value: Value): string => (Array.isArray(value) ? value.join(' ') : String(value ?? ''));

type Row = Readonly<Record<string, Value>>;

/** Rows between two looks at the clock: well under a millisecond. */
const ROWS_AT_ONCE = 50;

/** Writes rows as text, in slices beside other requests; CSV starts with the names of its columns. */
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
