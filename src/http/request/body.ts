import { Elysia } from 'elysia';
import { MEDIA_TYPE } from '../../api/media-type.ts';
import { AppError, quote } from '../../domain/errors.ts';
import { yieldToOthers } from '../../pace.ts';
import { withoutBase } from '../url.ts';
import { readText } from './body-text.ts';
import { JsonScanner } from './json-scan.ts';
import { LONG_WRITE_LENGTH } from './limits.ts';

// How a body is read. Every step refuses what exceeds limits.ts before the next one spends time or memory on
// it.
//
//   bytes   body-text.ts     counts bytes, decodes UTF-8; intake.ts bounds all large bodies together
//           encoding.ts      decompresses gzip and zstd; zstd-frames.ts finds truncated zstd
//   text    json-scan.ts     counts levels, keys and values without parsing
//   value   a single write   body.ts         parses it as a whole
//           a batch          row-reader.ts   parses some hundred rows at a time; list-cutter.ts finds them
//           a completion     long-texts.ts   shortens its very long strings before it is parsed
//           remote write     src/ingest/remote-write.ts  bounds it before it is unpacked, and reads in slices
//   schema  body-check.ts    drops nulls and validates a single write; routes/batches.ts each row by itself

interface BodyOptions {
  /** Largest body of a single write, in bytes. */
  readonly maxBytes: number;
  /** The routes that read their bodies themselves: batches and completions. */
  readonly batchRoutes: readonly string[];
  /** The routes that take bodies of another type, which they check and read themselves. */
  readonly otherRoutes: readonly string[];
  /** The routes of writes without a body, whatever is sent. */
  readonly bodilessRoutes: readonly string[];
  /** All routes are also served under this path. */
  readonly basePath: string;
}

/**
 * Reads the body of every write: JSON in UTF-8, plain, gzip or zstd. Requiring `application/json` also
 * prevents foreign web pages from writing. The body of a DELETE is ignored.
 */
export const body = ({ maxBytes, batchRoutes, otherRoutes, bodilessRoutes, basePath }: BodyOptions) =>
  new Elysia({ name: 'body' }).onParse({ as: 'global' }, async ({ request, route }) => {
    const pattern = withoutBase(route, basePath);
    if (request.method === 'DELETE' || bodilessRoutes.includes(pattern)) return {};
    if (otherRoutes.includes(pattern)) return {};
    requireJson(request.headers.get('content-type') ?? '');
    if (batchRoutes.includes(pattern)) return {};
    const text = await readText(request, { maxBytes });
    new JsonScanner().scan(text);
    if (text.length <= LONG_WRITE_LENGTH) return parseJson(text);
    await yieldToOthers();
    const value = parseJson(text);
    await yieldToOthers();
    return value;
  });

/** Throws `unsupported_media_type` unless the Content-Type is JSON in UTF-8. */
function requireJson(contentType: string): void {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  if (type.trim() !== MEDIA_TYPE.json) {
    throw new AppError(
      'unsupported_media_type',
      `The body must be JSON with Content-Type: ${MEDIA_TYPE.json}.`,
    );
  }
  for (const parameter of parameters) {
    const [, charset] = /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/.exec(parameter) ?? [];
    if (charset === undefined || charset === 'utf-8' || charset === 'utf8') continue;
    throw new AppError('unsupported_media_type', `The body must be in UTF-8, not in ${quote(charset)}.`);
  }
}

/** Parses JSON. Throws `invalid_request`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fault = text.trim() === '' ? 'is empty' : 'is not valid JSON';
    throw new AppError('invalid_request', `The body ${fault}.`, { cause });
  }
}
