import { Elysia } from 'elysia';
import { GET_METRICS, METRICS_TYPE } from '../../api/metrics.ts';
import { describe } from '../response/operation.ts';
import { type SharedText, sendSharedText } from '../response/shared-text.ts';

/** Serves /metrics. Simultaneous scrapes share one rendering and one compression. */
export const scrapes = ({ render }: { render: () => Promise<Uint8Array<ArrayBuffer>> }) => {
  let latest: Promise<SharedText> | undefined;
  const share = (): Promise<SharedText> => {
    if (latest) return latest;
    const rendering = render().then((text): SharedText => ({ text }));
    const end = () => {
      if (latest === rendering) latest = undefined;
    };
    rendering.then(end, end);
    latest = rendering;
    return rendering;
  };
  return new Elysia({ name: 'metrics' }).get(
    GET_METRICS.path,
    async ({ request }) => sendSharedText(await share(), request, METRICS_TYPE),
    { detail: describe(GET_METRICS) },
  );
};
