import type { Peer } from '../access/way.ts';
import type { Listener } from '../settings/listener.ts';
import { type App, listen, peerOf } from './listen.ts';
import type { Part } from './parts.ts';

/**
 * A request may have arrived with the signal and not be read yet; `stop` would take its connection for an
 * idle one.
 */
const SETTLE_MS = 100;
/** Requests in flight have this long to be answered. */
const DRAIN_MS = 3000;

type Server = Bun.Server<unknown>;

interface HttpOptions {
  readonly listeners: readonly Listener[];
  /** Creates the app of a listener, whose requests come from `peerOf`. */
  readonly appFor: (
    listener: Listener,
    peerOf: (request: Request, server: Server | null) => Peer | undefined,
  ) => App;
}

/**
 * The HTTP servers: an app a listener, so that a request's server is the one that it came to. Their `stop`
 * answers the requests that have arrived, and then closes all connections.
 */
export function httpPart({ listeners, appFor }: HttpOptions): Part<readonly Server[]> {
  return {
    name: 'http',
    stopWithinMs: SETTLE_MS + DRAIN_MS + 500,
    async start() {
      const servers: Server[] = [];
      try {
        for (const listener of listeners) {
          const app = appFor(listener, (request, server) => peerOf(listener, request, server));
          servers.push(await listen(app, listener));
        }
      } catch (error) {
        await Promise.all(servers.map((server) => server.stop(true)));
        throw error;
      }
      return servers;
    },
    async stop(servers) {
      await Bun.sleep(SETTLE_MS);
      await Promise.race([Promise.all(servers.map((server) => server.stop())), Bun.sleep(DRAIN_MS)]);
      await Promise.all(servers.map((server) => server.stop(true)));
    },
  };
}
