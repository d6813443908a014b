import { contentTypeOf, type RowFormat } from '../../api/media-type.ts';
import { sampleColumns } from '../../api/reading.ts';
import type { Readings } from '../../domain/readings.ts';
import type { ReadingQuery, SampleStore } from '../../domain/store/samples.ts';
import { POINT_SPAN_MS } from '../../domain/summary.ts';
import { startPace } from '../../pace.ts';
import type { ReadingRequest } from '../request/sample-list.ts';
import { sendDownload, sendPieces, WHOLE_BYTES } from './download.ts';
import { maxRowBytes, type RowOptions, rowWriter } from './sample-rows.ts';
import { csvLine } from './table.ts';
import { encodeText, TextWriter } from './text-writer.ts';

/** Text is sent in pieces of about this many bytes. */
const PIECE_BYTES = 64 * 1024;
/** Approximate bytes of a row and of each of its fields, to make room for all rows at once. */
const ROW_BYTES = 40;
const FIELD_BYTES = 24;
/** Rows between two checks of the clock: well under a millisecond. */
const ROWS_AT_ONCE = 256;

type ReadingStore = Pick<SampleStore, 'listSamples' | 'plotSamples' | 'streamSamples'>;
type ReadingOptions = ReadingRequest & { readonly signal: AbortSignal };

/** Answers a request for samples in its format, rendering columns to text without an object for each row. */
export async function sendReadings(
  store: ReadingStore,
  jobId: string,
  request: ReadingOptions,
): Promise<Response> {
  const { format, fields, query } = request;
  const { batches, spanMs, total } = await findReadings(store, jobId, request);
  const headers = {
    'content-type': contentTypeOf(format),
    vary: 'accept',
  };
  const frames = {
    csv: [csvLine(sampleColumns(fields, query.by)), ''],
    ndjson: ['', ''],
    json: [`{"job_id":${JSON.stringify(jobId)},"samples":[`, `],"total":${total}}`],
  } as const satisfies Record<RowFormat, [head: string, tail: string]>;
  const [head, tail] = frames[format];
  const send = format === 'json' ? sendPieces : sendDownload;
  return send(renderPieces(batches, { format, fields, spanMs, head, tail }), headers);
}

/** Reads the samples or points of a request; `total` is for JSON only, which is never a stream. */
async function findReadings(
  store: ReadingStore,
  jobId: string,
  { query, limit, maxPoints, signal }: ReadingOptions,
): Promise<{ batches: AsyncIterable<Readings> | Readings[]; spanMs: number; total: number }> {
  if (maxPoints > 0) {
    const { points, spanMs, total } = await store.plotSamples(jobId, query, maxPoints, signal);
    return { batches: [points], spanMs, total };
  }
  if (limit > 0) {
    const { samples, total } = await store.listSamples(jobId, query, limit, signal);
    return { batches: [samples], spanMs: POINT_SPAN_MS, total };
  }
  return {
    batches: store.streamSamples(jobId, query satisfies ReadingQuery, signal),
    spanMs: POINT_SPAN_MS,
    total: 0,
  };
}

interface RenderOptions extends RowOptions {
  readonly format: RowFormat;
  /** The text before and after the rows. */
  readonly head: string;
  readonly tail: string;
}

async function* renderPieces(
  batches: AsyncIterable<Readings> | Readings[],
  { format, head, tail, ...options }: RenderOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const out = new TextWriter();
  // JSON is sent as a whole up to a size. One piece up to that size is not copied again.
  let pieceBytes = format === 'json' ? WHOLE_BYTES : PIECE_BYTES;
  write(out, head);
  let hasRows = false;
  const usualBytes = ROW_BYTES + FIELD_BYTES * options.fields.length;
  const pace = startPace('background');
  for await (const readings of batches) {
    hasRows ||= readings.count > 0;
    const writeRow = rowWriter(readings, format, options);
    const rowBytes = maxRowBytes(readings, options);
    out.ensure(Math.min(pieceBytes, readings.count * usualBytes));
    for (let start = 0; start < readings.count; start += ROWS_AT_ONCE) {
      // The last row is held back, because the comma after it must be removed.
      if (out.length > pieceBytes) {
        yield out.take();
        pieceBytes = PIECE_BYTES;
      }
      if (pace.isDue()) await pace.rest();
      const end = Math.min(start + ROWS_AT_ONCE, readings.count);
      for (let place = start; place < end; place++) {
        out.ensure(rowBytes);
        writeRow(out, place);
      }
    }
  }
  if (format === 'json' && hasRows) out.drop(1);
  write(out, tail);
  yield out.finish();
}

function write(out: TextWriter, text: string): void {
  const bytes = encodeText(text);
  out.ensure(bytes.length);
  out.put(bytes);
}
