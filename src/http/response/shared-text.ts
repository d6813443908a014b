import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { acceptsGzip } from '../request/accept.ts';
import { sendShared } from './download.ts';

const compress = promisify(gzip);

/** A text that is sent to many clients. */
export interface SharedText {
  readonly text: Uint8Array<ArrayBuffer>;
  /** The same text with gzip, compressed for the first client that accepts it. */
  compressed?: Promise<Uint8Array<ArrayBuffer>>;
}

/** Sends a text with gzip where the client accepts that; it is compressed once, in a thread of the pool. */
export async function sendSharedText(shared: SharedText, request: Request, type: string): Promise<Response> {
  const headers = { 'content-type': type, vary: 'accept-encoding' };
  if (!acceptsGzip(request.headers.get('accept-encoding'))) return sendShared(shared.text, headers);
  // Compressing megabytes takes longer than a request may wait.
  shared.compressed ??= compress(shared.text, { level: constants.Z_BEST_SPEED });
  return new Response(await shared.compressed, { headers: { ...headers, 'content-encoding': 'gzip' } });
}
