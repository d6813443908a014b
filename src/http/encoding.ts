import { Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { AppError, quote } from '../domain/errors.ts';

/** Large pieces: a batch of 64 MiB would come in a thousand turns of the event loop otherwise. */
const CHUNK_BYTES = 256 * 1024;

const DECODERS: Record<string, () => Transform> = {
  gzip: () => createGunzip({ chunkSize: CHUNK_BYTES }),
  'x-gzip': () => createGunzip({ chunkSize: CHUNK_BYTES }),
  zstd: () => createZstdDecompress({ chunkSize: CHUNK_BYTES }),
};

/** Whether a Content-Encoding header says that the body is sent as it is. */
export const isPlain = (header: string | null): boolean =>
  header === null || /^\s*(identity)?\s*$/i.test(header);

/**
 * Unpacks a body piece by piece, so that whoever reads it may stop at any size. `unsupported_media_type` for an encoding
 * that is not gzip or zstd, `invalid_request` when the bytes are not what the header says.
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
  const source = Readable.from(packed);
  let sourceError: unknown;
  source.on('error', (error) => {
    sourceError = error;
    decoder.destroy(error);
  });
  source.pipe(decoder);
  try {
    yield* decoder;
  } catch (cause) {
    if (sourceError) throw sourceError;
    throw new AppError('invalid_request', `The body is not valid ${name}.`, { cause });
  } finally {
    source.destroy();
    decoder.destroy();
  }
}
