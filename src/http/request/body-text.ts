import { AppError } from '../../domain/errors.ts';
import { decode, isPlain } from './encoding.ts';

interface TextOptions {
  /** Largest body, as it is sent and as it is unpacked. */
  readonly maxBytes: number;
  /** Told of bytes before they are kept; may throw. */
  readonly take?: (bytes: number) => void;
  /** Takes bytes that are no UTF-8, from a sender that would send the same again for ever. */
  readonly isLenient?: boolean;
}

/** A plain body of known length up to here is read in one go. */
const MAX_WHOLE_BYTES = 1024 * 1024;

/**
 * The text of a body in pieces, as they come in. `payload_too_large` as soon as it is known to have more than `maxBytes`,
 * `unsupported_media_type` for an encoding that is not known, `invalid_request` for a body that breaks off, cannot be unpacked or
 * is not UTF-8.
 */
export async function* readPieces(
  request: Request,
  { maxBytes, take = () => {}, isLenient = false }: TextOptions,
): AsyncGenerator<string> {
  const check = isLenient ? (text: string) => text : requireUtf8;
  const knownBytes = readLength(request, maxBytes);
  if (knownBytes !== undefined) take(knownBytes);
  const encoding = request.headers.get('content-encoding');
  const source = arriving(request.body ?? []);
  const bytes = isPlain(encoding) ? source : decode(encoding!, bounded(source, maxBytes));
  const decoder = new TextDecoder();
  for await (const chunk of bounded(bytes, maxBytes)) {
    if (knownBytes === undefined) take(chunk.byteLength);
    yield check(decoder.decode(chunk, { stream: true }));
  }
  yield check(decoder.decode());
}

/** The length of a plain body, where its sender says it. `payload_too_large` when it is more than `maxBytes`. */
function readLength(request: Request, maxBytes: number): number | undefined {
  const length = request.headers.get('content-length');
  if (length === null) return undefined;
  if (Number(length) > maxBytes) throw tooLarge(maxBytes);
  return isPlain(request.headers.get('content-encoding')) ? Number(length) : undefined;
}

/** Whether a body is plain and so small, as its sender says, that `readText` reads it in one go. */
export function isSmall(request: Request, options: TextOptions): boolean {
  const bytes = readLength(request, options.maxBytes);
  return bytes !== undefined && bytes <= MAX_WHOLE_BYTES;
}

/** The whole text of a body, as `readPieces`. */
export async function readText(request: Request, options: TextOptions): Promise<string> {
  if (isSmall(request, options)) {
    options.take?.(Number(request.headers.get('content-length')));
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

/** Hands chunks on, and gives up when they become too many bytes. */
async function* bounded(source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/** Decoding puts U+FFFD in place of bytes that are no UTF-8: taking it would keep another name than was sent. */
function requireUtf8(text: string): string {
  if (!text.includes('\ufffd')) return text;
  throw new AppError(
    'invalid_request',
    'The body is not valid UTF-8, or has the replacement character U+FFFD in it.',
  );
}

/** The client went away, or sent chunks that are not HTTP: a fault of its own, which hardly anybody is left to be told of. */
export class BrokenOff extends AppError {}

const brokenOff = (cause: unknown) =>
  new BrokenOff('invalid_request', 'The body broke off before it was complete.', { cause });

const tooLarge = (maxBytes: number) =>
  new AppError('payload_too_large', `The body is larger than the ${maxBytes} bytes that are allowed here.`);
