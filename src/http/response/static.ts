import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptsGzip } from '../request/accept.ts';

const compress = promisify(gzip);

/** Browsers revalidate each time, because a newer executable serves other files under the same names. */
const HEADERS = {
  'cache-control': 'no-cache',
  vary: 'accept-encoding',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY' as string | undefined,
  // With no-referrer, browsers would name no origin when a form of ours is sent.
  'referrer-policy': 'same-origin',
};

/** Headers beside the usual ones; undefined leaves one out. */
type StaticHeaders = Readonly<Record<string, string | undefined>>;
type Serve = (request: Request) => Promise<Response>;

/** Serves bytes that never change while the process runs, with an ETag, and gzip if accepted. */
function staticBytes(read: () => Promise<Uint8Array>, own: StaticHeaders): Serve {
  const all = Object.entries({ ...HEADERS, ...own });
  const headers = Object.fromEntries(all.filter((pair): pair is [string, string] => pair[1] !== undefined));
  let versions: Promise<{ plain: Uint8Array; packed: Uint8Array; etag: string }> | undefined;

  async function prepare() {
    const plain = await read();
    const etag = createHash('sha256').update(plain).digest('base64url').slice(0, 22);
    return { plain, packed: await compress(plain), etag };
  }

  return async (request) => {
    versions ??= prepare();
    const { plain, packed, etag } = await versions;
    const isPacked = acceptsGzip(request.headers.get('accept-encoding'));
    const tag = `"${etag}${isPacked ? '-gzip' : ''}"`;
    const common = { ...headers, etag: tag };
    const known = request.headers.get('if-none-match')?.split(',') ?? [];
    if (known.some((one) => one.trim().replace(/^W\//, '') === tag || one.trim() === '*'))
      return new Response(null, { status: 304, headers: common });
    return new Response(isPacked ? packed : plain, {
      headers: { ...common, ...(isPacked && { 'content-encoding': 'gzip' }) },
    });
  };
}

/** Serves a file embedded in the executable. */
export const staticFile = (path: string, type: string): Serve =>
  staticBytes(() => Bun.file(path).bytes(), { 'content-type': type });

/** Serves bytes whose name changes with them, so that browsers need not ask again. */
export const staticData = (bytes: Uint8Array, type: string): Serve =>
  staticBytes(async () => bytes, {
    'content-type': type,
    'cache-control': 'public, max-age=31536000, immutable',
  });

/** Serves a fixed text. */
export const staticText = (text: string, type: string, headers: StaticHeaders): Serve =>
  staticBytes(async () => Buffer.from(text), { 'content-type': type, ...headers });

/** Serves a document that is made when it is first asked for. */
export const staticDocument = (make: () => Promise<object>): Serve =>
  staticBytes(async () => Buffer.from(JSON.stringify(await make())), {
    'content-type': 'application/json;charset=utf-8',
  });
