import { Elysia } from 'elysia';
import { AppError } from '../domain/errors.ts';
import { JobPatchBody } from '../domain/job.ts';
import { SampleBody } from '../domain/sample.ts';

/**
 * Reads the body of every write: `application/json` only (which also keeps foreign web pages from writing), at most
 * `maxBytes`, valid UTF-8 and valid JSON. An optional field that is null counts as not given. A DELETE has no
 * body; whatever comes with one is left unread.
 */
export const body = ({ maxBytes }: { maxBytes: number }) =>
  new Elysia({ name: 'body' }).onParse({ as: 'global' }, async ({ request }, contentType) => {
    if (request.method === 'DELETE') return {};
    if (contentType.toLowerCase() !== 'application/json') {
      throw new AppError(
        'unsupported_media_type',
        'The body must be JSON with Content-Type: application/json.',
      );
    }
    return parseJson(await readText(request, maxBytes));
  });

/** The text of a body; `payload_too_large` as soon as it is known to have more than `maxBytes`. */
async function readText(request: Request, maxBytes: number): Promise<string> {
  const length = request.headers.get('content-length');
  if (length === null) return new TextDecoder().decode(await readChunks(request, maxBytes));
  if (Number(length) > maxBytes) throw tooLarge(maxBytes);
  return request.text();
}

/** A body that did not tell its length, given up when it becomes too long. */
async function readChunks(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(text: string): unknown {
  // What decoding puts in place of bytes that are no UTF-8: taking it would keep another name than was sent.
  if (text.includes('\ufffd'))
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
  [JobPatchBody, SampleBody].flatMap(({ properties, required = [] }) =>
    Object.keys(properties).filter((name) => !required.includes(name)),
  ),
);

function dropNulls(fields: Record<string, unknown>): void {
  for (const name in fields) if (fields[name] === null && OPTIONAL.has(name)) delete fields[name];
}

const tooLarge = (maxBytes: number) =>
  new AppError('payload_too_large', `The body is larger than the ${maxBytes} bytes that are allowed here.`);
