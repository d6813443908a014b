import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import { operation } from './document.ts';

const compress = promisify(gzip);
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What Prometheus reads. Scrapes that come at once share one rendering. */
export const metrics = ({ renderMetrics }: { renderMetrics: () => Promise<Uint8Array> }) => {
  let rendering: Promise<Uint8Array> | undefined;
  const render = () => {
    rendering ??= renderMetrics().finally(() => {
      rendering = undefined;
    });
    return rendering;
  };
  return new Elysia({ name: 'metrics' }).get(
    '/metrics',
    async ({ request }) => {
      const text = await render();
      if (!acceptsGzip(request.headers.get('accept-encoding'))) {
        return new Response(text, { headers: { 'content-type': CONTENT_TYPE, vary: 'accept-encoding' } });
      }
      // In a thread of the pool: packing 80,000 series takes longer than a request may wait.
      const packed = await compress(text, { level: constants.Z_BEST_SPEED });
      return new Response(packed, {
        headers: { 'content-type': CONTENT_TYPE, 'content-encoding': 'gzip', vary: 'accept-encoding' },
      });
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
