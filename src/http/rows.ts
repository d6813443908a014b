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

/** One line of CSV as in RFC 4180: nothing is changed or guarded, so that a reader gets back what was put in. */
export const csvLine = (values: readonly Value[]): string =>
  `${values
    .map((value) => {
      const text = Array.isArray(value) ? value.join(' ') : String(value ?? '');
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',')}\r\n`;

type Row = Readonly<Record<string, Value>>;

/**
 * Sends rows as they come, never more than a batch ahead of the reader. The first batch is read before anything is
 * answered, so that a failure up to then is an error like any other; a later one breaks the connection off.
 */
export async function streamRows(
  batches: AsyncIterable<readonly Row[]>,
  format: Exclude<RowFormat, 'json'>,
  columns: readonly string[],
): Promise<Response> {
  const iterator = batches[Symbol.asyncIterator]();
  const write = (rows: readonly Row[]) =>
    rows
      .map((row) =>
        format === 'csv' ? csvLine(columns.map((column) => row[column])) : `${JSON.stringify(row)}\n`,
      )
      .join('');
  let next: IteratorResult<readonly Row[]> | undefined = await iterator.next();
  let text = format === 'csv' ? csvLine(columns) : '';
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        next ??= await iterator.next();
        if (!next.done) text += write(next.value);
        if (text !== '') controller.enqueue(Buffer.from(text));
        if (next.done) controller.close();
        text = '';
        next = undefined;
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    headers: { 'content-type': `${MEDIA_TYPE[format]}; charset=utf-8`, vary: 'accept' },
  });
}
