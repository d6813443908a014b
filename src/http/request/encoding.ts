import { Readable, type Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { AppError, quote } from '../../domain/errors.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** Large pieces: a batch of 32 MiB would come in a thousand turns of the event loop otherwise. */
const CHUNK_BYTES = 256 * 1024;
/** Real batches are packed to a tenth or a thirtieth; small ones, or ones whose rows are all the same, to less. */
const MAX_RATIO = 200;
const MAX_UNRELATED_BYTES = 1024 * 1024;
/** Largest window of zstd as a content encoding: 8 MiB (RFC 9659). A decoder may ask for 128 MiB otherwise. */
const ZSTD_WINDOW_LOG = 23;

const DECODERS: Record<string, () => Transform> = {
  gzip: () => createGunzip({ chunkSize: CHUNK_BYTES }),
  'x-gzip': () => createGunzip({ chunkSize: CHUNK_BYTES }),
  zstd: () =>
    createZstdDecompress({
      chunkSize: CHUNK_BYTES,
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
    }),
};

/** Whether a Content-Encoding header says that the body is sent as it is. */
export const isPlain = (header: string | null): boolean =>
  header === null || /^\s*(identity)?\s*$/i.test(header);

/**
 * Unpacks a body piece by piece, so that its reader may stop at any size. `unsupported_media_type` for an encoding
 * that is not gzip or zstd, `invalid_request` when the bytes are not what the header says, `payload_too_large` when more than
 * 1 MiB has been packed to less than a 200th.
 */
export function decode(header: string, packed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const name = header.trim().toLowerCase();
  if (!Object.hasOwn(DECODERS, name)) {
    throw new AppError(
      'unsupported_media_type',
      `The Content-Encoding ${quote(name)} is not known here; gzip and zstd are.`,
    );
  }
  return unpack(name, packed, DECODERS[name]!());
}

async function* unpack(
  name: string,
  packed: AsyncIterable<Uint8Array>,
  decoder: Transform,
): AsyncGenerator<Uint8Array> {
  let packedBytes = 0;
  const frames = name === 'zstd' ? new ZstdFrames() : undefined;
  async function* watch(): AsyncGenerator<Uint8Array> {
    for await (const piece of packed) {
      packedBytes += piece.byteLength;
      frames?.add(piece);
      yield piece;
    }
    frames?.finish();
  }
  const source = Readable.from(watch());
  let sourceError: unknown;
  source.on('error', (error) => {
    sourceError = error;
    decoder.destroy(error);
  });
  source.pipe(decoder);
  try {
    let bytes = 0;
    for await (const chunk of decoder as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > MAX_UNRELATED_BYTES && bytes > MAX_RATIO * packedBytes) throw tooDense();
      yield chunk;
    }
  } catch (cause) {
    if (sourceError) throw sourceError;
    if (cause instanceof AppError) throw cause;
    throw new AppError('invalid_request', `The body is not valid ${name}.`, { cause });
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

const tooDense = () =>
  new AppError(
    'payload_too_large',
    `The body unpacks to more than ${MAX_RATIO} times its size; send it in smaller batches.`,
  );
