import { Elysia } from 'elysia';
import { optionalFields } from '../../api/check.ts';
import { JobPatchBody } from '../../api/job-patch.ts';
import { PastJobBody } from '../../api/past-job.ts';
import { SampleRowBody } from '../../api/sample-batch.ts';
import { AppError, quote } from '../../domain/errors.ts';
import { yieldToOthers } from '../../pace.ts';
import { readText } from './body-text.ts';
import { JsonScanner } from './json-scan.ts';

interface BodyOptions {
  /** Largest body of a single write. */
  readonly maxBytes: number;
  /** The routes that read their bodies themselves. */
  readonly batchRoutes: readonly string[];
}

/** A body of more characters takes some milliseconds to parse, and some more to check: in turns of their own. */
const LONG_TEXT = 64 * 1024;

/**
 * Reads the body of every write: `application/json` only (which also keeps foreign web pages from writing), plain, gzip
 * or zstd, of a bounded size before and after unpacking, valid UTF-8 and valid JSON. An optional field that is null counts
 * as not given. A DELETE has no body; whatever comes with one is left unread.
 */
export const body = ({ maxBytes, batchRoutes }: BodyOptions) =>
  new Elysia({ name: 'body' }).onParse({ as: 'global' }, async ({ request, route }) => {
    if (request.method === 'DELETE') return {};
    requireJson(request.headers.get('content-type') ?? '');
    if (batchRoutes.includes(route)) return {};
    const text = await readText(request, { maxBytes });
    new JsonScanner().scan(text);
    if (text.length <= LONG_TEXT) return parseBody(text);
    await yieldToOthers();
    const value = parseBody(text);
    await yieldToOthers();
    return value;
  });

/** `unsupported_media_type` unless a Content-Type is that of JSON in UTF-8. */
function requireJson(contentType: string): void {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  if (type.trim() !== 'application/json') {
    throw new AppError(
      'unsupported_media_type',
      'The body must be JSON with Content-Type: application/json.',
    );
  }
  for (const parameter of parameters) {
    const [, charset] = /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/.exec(parameter) ?? [];
    if (charset === undefined || charset === 'utf-8' || charset === 'utf8') continue;
    throw new AppError('unsupported_media_type', `The body must be in UTF-8, not in ${quote(charset)}.`);
  }
}

/** The JSON value of a body; `invalid_request`. */
export function parseBody(text: string): unknown {
  const value = parseJson(text);
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    dropNulls(value as Record<string, unknown>);
  return value;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fault = text.trim() === '' ? 'is empty' : 'is not valid JSON';
    throw new AppError('invalid_request', `The body ${fault}.`, { cause });
  }
}

/** The fields that may be left out, of all bodies. */
const OPTIONAL = new Set([JobPatchBody, SampleRowBody, PastJobBody].flatMap(optionalFields));

/** Makes an optional field that is null one that is not given. */
export function dropNulls(fields: Record<string, unknown>): void {
  for (const name in fields) if (fields[name] === null && OPTIONAL.has(name)) delete fields[name];
}
