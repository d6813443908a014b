import { Elysia } from 'elysia';
import { AppError } from '../domain/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the body of every write: `application/json` only (which also keeps foreign web pages from writing), at most
 * `maxBytes`, valid UTF-8 and valid JSON. A field that is null counts as not given.
 */
export const body = ({ maxBytes }: { maxBytes: number }) =>
  new Elysia({ name: 'body' }).onParse({ as: 'global' }, async ({ request }, contentType) => {
    if (contentType.toLowerCase() !== 'application/json') {
      throw new AppError(
        'unsupported_media_type',
        'The body must be JSON with Content-Type: application/json.',
      );
    }
    return parseJson(await readBytes(request, maxBytes));
  });

/** The bytes of a body; `payload_too_large` as soon as it is known to be longer than `maxBytes`. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const length = request.headers.get('content-length');
  if (length !== null) {
    if (Number(length) > maxBytes) throw tooLarge(maxBytes);
    return new Uint8Array(await request.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new AppError('invalid_request', 'The body is not valid JSON in UTF-8.', { cause });
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    dropNulls(value as Record<string, unknown>);
  return value;
}

function dropNulls(fields: Record<string, unknown>): void {
  for (const name in fields) if (fields[name] === null) delete fields[name];
}

const tooLarge = (maxBytes: number) =>
  new AppError('payload_too_large', `The body is larger than the ${maxBytes} bytes that are allowed here.`);
