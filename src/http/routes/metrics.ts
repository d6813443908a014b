import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { Elysia } from 'elysia';
import { GET_METRICS, METRICS_TYPE } from '../../api/metrics.ts';
import { acceptsGzip } from '../request/accept.ts';
import { sendShared } from '../response/download.ts';
import { describe } from '../response/operation.ts';

const compress = promisify(gzip);

/** One text of /metrics, shared by all scrapes that arrive while it is rendered. */
interface Rendering {
  readonly text: Promise<Uint8Array<ArrayBuffer>>;
  /** The same text with gzip, compressed for the first client that accepts it. */
  compressed?: Promise<Uint8Array<ArrayBuffer>>;
}

/** Serves /metrics. Simultaneous scrapes share one rendering and one compression. */
export const scrapes = ({ render }: { render: () => Promise<Uint8Array<ArrayBuffer>> }) => {
  let latest: Rendering | undefined;
  const share = (): Rendering => {
    if (latest) return latest;
    const rendering: Rendering = { text: render() };
    const end = () => {
      if (latest === rendering) latest = undefined;
    };
    rendering.text.then(end, end);
    latest = rendering;
    return rendering;
  };
  return new Elysia({ name: 'metrics' }).get(
    GET_METRICS.path,
    async ({ request }) => {
      const rendering = share();
      const text = await rendering.text;
      const headers = { 'content-type': METRICS_TYPE, vary: 'accept-encoding' };
      if (!acceptsGzip(request.headers.get('accept-encoding'))) return sendShared(text, headers);
      // In a thread of the pool: compressing 80,000 series takes longer than a request may wait.
      rendering.compressed ??= compress(text, { level: constants.Z_BEST_SPEED });
      return new Response(await rendering.compressed, {
        headers: { ...headers, 'content-encoding': 'gzip' },
      });
    },
    { detail: describe(GET_METRICS) },
  );
};
