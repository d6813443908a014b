import { AppError } from '../../domain/errors.ts';
import { decode, decodeAtOnce, isPlain, isZstd } from './encoding.ts';
import { SMALL_PACKED_BYTES, WHOLE_BATCH_LENGTH, WHOLE_BODY_BYTES } from './limits.ts';

interface TextOptions {
  /** Largest body in bytes, compressed and decompressed. */
  readonly maxBytes: number;
  /** Called with the number of bytes before they are held in memory; may throw. */
  readonly reserve?: (bytes: number) => void;
  /** Accepts invalid UTF-8, from a sender that would repeat a refused body for ever. */
  readonly isLenient?: boolean;
}

/**
 * Yields the text of a body piece by piece. Throws `payload_too_large` as soon as it is known to have more
 * than `maxBytes`, `unsupported_media_type` for an unknown encoding, and `invalid_request` for a body that is
 * incomplete, cannot be decompressed or is not UTF-8.
 */
export async function* readPieces(
  request: Request,
  { maxBytes, reserve = () => {}, isLenient = false }: TextOptions,
): AsyncGenerator<string> {
  const check = isLenient ? (text: string) => text : requireUtf8;
  const knownBytes = readLength(request, maxBytes);
  if (knownBytes !== undefined) reserve(knownBytes);
  const encoding = request.headers.get('content-encoding');
  const bytes = isPlain(encoding) ? arriving(request.body ?? []) : unpacking(request, encoding!, maxBytes);
  const decoder = new TextDecoder();
  for await (const chunk of bounded(bytes, maxBytes)) {
    if (knownBytes === undefined) reserve(chunk.byteLength);
    yield check(decoder.decode(chunk, { stream: true }));
  }
  yield check(decoder.decode());
}

/** Returns the bytes of a body as they were sent. Throws as `readPieces` does. */
export async function readBytes(
  request: Request,
  { maxBytes, reserve = () => {} }: Omit<TextOptions, 'isLenient'>,
): Promise<Uint8Array> {
  const header = request.headers.get('content-length');
  const length = header === null ? undefined : Number(header);
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  if (length !== undefined) reserve(length);
  const pieces: Uint8Array[] = [];
  for await (const piece of bounded(arriving(request.body ?? []), maxBytes)) {
    if (length === undefined) reserve(piece.byteLength);
    pieces.push(piece);
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

/** Yields the decompressed bytes of a body: a small one at once, others piece by piece. */
async function* unpacking(request: Request, encoding: string, maxBytes: number): AsyncGenerator<Uint8Array> {
  const length = Number(request.headers.get('content-length') ?? Number.POSITIVE_INFINITY);
  if (!isZstd(encoding) || length > SMALL_PACKED_BYTES) {
    yield* decode(encoding, bounded(arriving(request.body ?? []), maxBytes));
    return;
  }
  const packed = await readBytes(request, { maxBytes });
  const whole = decodeAtOnce(packed, Math.min(maxBytes, WHOLE_BATCH_LENGTH));
  if (whole) yield whole;
  else yield* decode(encoding, arriving([packed]));
}

/**
 * Returns the length of an uncompressed body, if the client
 * sent it. Throws `payload_too_large` beyond `maxBytes`.
 */
function readLength(request: Request, maxBytes: number): number | undefined {
  const length = request.headers.get('content-length');
  if (length === null) return undefined;
  if (Number(length) > maxBytes) throw tooLarge(maxBytes);
  return isPlain(request.headers.get('content-encoding')) ? Number(length) : undefined;
}

/** Returns whether `readText` reads a body as a whole: it is uncompressed and of a small, known length. */
export function isSmall(request: Request, options: TextOptions): boolean {
  const bytes = readLength(request, options.maxBytes);
  return bytes !== undefined && bytes <= WHOLE_BODY_BYTES;
}

/** Returns the whole text of a body. Throws as `readPieces` does. */
export async function readText(request: Request, options: TextOptions): Promise<string> {
  if (isSmall(request, options)) {
    options.reserve?.(Number(request.headers.get('content-length')));
    const whole = await readWhole(request);
    return options.isLenient ? whole : requireUtf8(whole);
  }
  let text = '';
  for await (const piece of readPieces(request, options)) text += piece;
  return text;
}

async function readWhole(request: Request): Promise<string> {
  try {
    return await request.text();
  } catch (cause) {
    throw brokenOff(cause);
  }
}

async function* arriving(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw brokenOff(cause);
  }
}

/** Passes chunks on until they exceed `maxBytes`. */
async function* bounded(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/**
 * Throws for U+FFFD, which the decoder puts in place of
 * invalid bytes: the name of a job would silently change.
 */
function requireUtf8(text: string): string {
  if (!text.includes('\ufffd')) return text;
  throw new AppError(
    'invalid_request',
    'The body is not valid UTF-8, or contains the replacement character U+FFFD.',
  );
}

/** The client disconnected or sent chunks that are not HTTP: its own fault, logged for debugging only. */
export class BrokenOff extends AppError {}

const brokenOff = (cause: unknown) =>
  new BrokenOff('invalid_request', 'The body ended before it was complete.', { cause });

const tooLarge = (maxBytes: number) =>
  new AppError('payload_too_large', `The body is larger than the allowed ${maxBytes} bytes.`);
