import type { TObject } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import { AppError } from '../domain/errors.ts';
import { takeTurn } from '../pace.ts';
import { decode, isPlain } from './encoding.ts';
import type { Arrival } from './intake.ts';
import { JobPatchBody, PastJobBody } from './schema/job.ts';
import { SampleBody } from './schema/sample.ts';

/** Largest body of a batch, as it is sent and as it is unpacked. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

interface BodyOptions {
  /** Largest body of a single write. */
  readonly maxBytes: number;
  /** The routes that read their bodies themselves, with `readBatch`. */
  readonly batchRoutes: readonly string[];
}

/**
 * Reads the body of every write: `application/json` only (which also keeps foreign web pages from writing), plain, gzip
 * or zstd, of a bounded size before and after unpacking, valid UTF-8 and valid JSON. An optional field that is null counts
 * as not given. A DELETE has no body; whatever comes with one is left unread.
 */
export const body = ({ maxBytes, batchRoutes }: BodyOptions) =>
  new Elysia({ name: 'body' }).onParse({ as: 'global' }, async ({ request, route }, contentType) => {
    if (request.method === 'DELETE') return {};
    if (contentType.toLowerCase() !== 'application/json') {
      throw new AppError(
        'unsupported_media_type',
        'The body must be JSON with Content-Type: application/json.',
      );
    }
    if (batchRoutes.includes(route)) return {};
    return parseJson(await readText(request, maxBytes));
  });

/** The body of a batch, of at most 64 MiB. When there is no room for it, it is refused before it is read. */
export async function readBatch(
  request: Request,
  arrival: Arrival,
  { isLenient = false } = {},
): Promise<unknown> {
  const text = await readText(request, MAX_BATCH_BYTES, arrival.take);
  await takeTurn();
  return parseJson(text, isLenient);
}

/** The text of a body; `payload_too_large` as soon as it is known to have more than `maxBytes`. */
async function readText(request: Request, maxBytes: number, take = (_: number) => {}): Promise<string> {
  const length = request.headers.get('content-length');
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes);
  const encoding = request.headers.get('content-encoding');
  if (isPlain(encoding) && length !== null) {
    take(Number(length));
    return request.text();
  }
  const source = request.body ?? [];
  const bytes = isPlain(encoding) ? source : decode(encoding!, bounded(source, maxBytes));
  const chunks: Uint8Array[] = [];
  for await (const chunk of bounded(bytes, maxBytes)) {
    take(chunk.byteLength);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
}

/** Hands chunks on, and gives up when they become too many bytes. */
async function* bounded(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/** `isLenient` takes names with bytes that are no UTF-8, from a sender that would send the same again for ever. */
function parseJson(text: string, isLenient = false): unknown {
  // What decoding puts in place of bytes that are no UTF-8: taking it would keep another name than was sent.
  if (!isLenient && text.includes('\ufffd'))
    throw new AppError(
      'invalid_request',
      'The body is not valid UTF-8, or has the replacement character U+FFFD in it.',
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid_request', 'The body is not valid JSON.', { cause });
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    dropNulls(value as Record<string, unknown>);
  return value;
}

/** The fields that may be left out, of all bodies. */
const OPTIONAL = new Set(
  [JobPatchBody, SampleBody, PastJobBody].flatMap(({ properties, required = [] }: TObject) =>
    Object.keys(properties).filter((name) => !required.includes(name)),
  ),
);

/** Makes an optional field that is null one that is not given. */
export function dropNulls(fields: Record<string, unknown>): void {
  for (const name in fields) if (fields[name] === null && OPTIONAL.has(name)) delete fields[name];
}

const tooLarge = (maxBytes: number) =>
  new AppError('payload_too_large', `The body is larger than the ${maxBytes} bytes that are allowed here.`);
