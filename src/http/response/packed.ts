import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { MEDIA_TYPE } from '../../api/media-type.ts';
import { startPace } from '../../pace.ts';
import { acceptsGzip } from '../request/accept.ts';

const compress = promisify(gzip);

/**
 * Sends JSON of a few MB at most as a whole, with gzip if the client accepts it, which packs in a thread of
 * the pool. The parts are rendered one by one, each in well under a millisecond.
 */
export async function sendPacked(parts: Iterable<string>, request: Request): Promise<Response> {
  const pace = startPace('background');
  const texts: string[] = [];
  for (const part of parts) {
    texts.push(part);
    if (pace.isDue()) await pace.rest();
  }
  const text = Buffer.from(texts.join(''));
  const headers = { 'content-type': MEDIA_TYPE.json, vary: 'accept-encoding' };
  if (!acceptsGzip(request.headers.get('accept-encoding'))) return new Response(text, { headers });
  const packed = await compress(text, { level: constants.Z_BEST_SPEED });
  return new Response(packed, { headers: { ...headers, 'content-encoding': 'gzip' } });
}
