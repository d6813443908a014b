import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import { sendShared } from '../response/download.ts';
import { operation } from '../response/operation.ts';

const compress = promisify(gzip);
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** One text of /metrics, shared by the scrapes that came while it was made. */
interface Rendering {
  readonly text: Promise<Uint8Array<ArrayBuffer>>;
  /** The same, packed when the first client asks for it. */
  packed?: Promise<Uint8Array<ArrayBuffer>>;
}

/** Serves what Prometheus reads. Scrapes that come at once share one rendering and one packing. */
export const metrics = ({ renderMetrics }: { renderMetrics: () => Promise<Uint8Array<ArrayBuffer>> }) => {
  let latest: Rendering | undefined;
  const render = (): Rendering => {
    if (latest) return latest;
    const rendering: Rendering = { text: renderMetrics() };
    const end = () => {
      if (latest === rendering) latest = undefined;
    };
    rendering.text.then(end, end);
    latest = rendering;
    return rendering;
  };
  return new Elysia({ name: 'metrics' }).get(
    '/metrics',
    async ({ request }) => {
      const rendering = render();
      const text = await rendering.text;
      const headers = { 'content-type': CONTENT_TYPE, vary: 'accept-encoding' };
      if (!acceptsGzip(request.headers.get('accept-encoding'))) return sendShared(text, headers);
      // In a thread of the pool: packing 80,000 series takes longer than a request may wait.
      rendering.packed ??= compress(text, { level: constants.Z_BEST_SPEED });
      return new Response(await rendering.packed, { headers: { ...headers, 'content-encoding': 'gzip' } });
    },
    {
      detail: operation({
        operationId: 'getMetrics',
        tag: 'Service',
        summary: 'The metrics of running jobs and of the service, in Prometheus’ text format 0.0.4',
        answers: { 200: { schema: Type.String(), type: 'text/plain', means: 'The families' } },
        errors: ['unavailable'],
      }),
    },
  );
};

/** Whether an Accept-Encoding header allows gzip; `gzip;q=0` forbids it, and `*` stands for what is not named. */
export function acceptsGzip(header: string | null): boolean {
  const isAllowed = new Map<string, boolean>();
  for (const item of (header ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim());
    isAllowed.set(coding, !parameters.some((part) => /^q=0(\.0*)?$/.test(part)));
  }
  return isAllowed.get('gzip') ?? isAllowed.get('*') ?? false;
}
