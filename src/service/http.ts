import type { Certificate } from './certificate.ts';
import type { App } from './listen.ts';
import type { Place } from './listeners.ts';
import { type AppPlace, type Listening, openListening } from './listening.ts';
import type { Part } from './parts.ts';

/**
 * A request may have arrived with the signal and not be read yet; `stop` would take its connection for an
 * idle one.
 */
const SETTLE_MS = 100;
/** Requests in flight have this long to be answered. */
const DRAIN_MS = 3000;

interface HttpOptions {
  readonly places: readonly Place[];
  /** Undefined if all places are plain. */
  readonly certificate: Certificate | undefined;
  readonly createApp: (place: AppPlace) => App;
}

/**
 * The HTTP servers: an app a place, so that a request's server is the one that it came to. Their `stop`
 * answers the requests that have arrived, and then closes all connections.
 */
export function httpPart({ places, certificate, createApp }: HttpOptions): Part<readonly Listening[]> {
  return {
    name: 'http',
    stopWithinMs: SETTLE_MS + DRAIN_MS + 500,
    async start() {
      const opened: Listening[] = [];
      try {
        for (const place of places) opened.push(await openListening({ place, certificate, createApp }));
      } catch (error) {
        await stopAll(opened, true);
        throw error;
      }
      return opened;
    },
    async stop(opened) {
      await Bun.sleep(SETTLE_MS);
      await Promise.race([stopAll(opened, false), Bun.sleep(DRAIN_MS)]);
      await stopAll(opened, true);
    },
  };
}

const stopAll = (opened: readonly Listening[], isNow: boolean): Promise<unknown> =>
  Promise.all(opened.map((listening) => listening.stop(isNow)));
