import { createApp } from '../http/app.ts';
import type { Config } from '../settings/table.ts';
import { listen } from './listen.ts';
import type { Part } from './parts.ts';

/**
 * A request may have arrived with the signal and not be read yet; `stop` would take its connection for an
 * idle one.
 */
const SETTLE_MS = 100;
/** Requests in flight have this long to be answered. */
const DRAIN_MS = 3000;

type Server = Bun.Server<unknown>;

/** The HTTP server. Its `stop` answers the requests that have arrived, and then closes all connections. */
export function httpPart(
  options: Parameters<typeof createApp>[0],
  { host, port }: Pick<Config, 'host' | 'port'>,
): Part<Server> {
  return {
    name: 'http',
    stopWithinMs: SETTLE_MS + DRAIN_MS + 500,
    start: () => listen(createApp(options), host, port),
    async stop(server) {
      await Bun.sleep(SETTLE_MS);
      await Promise.race([server.stop(), Bun.sleep(DRAIN_MS)]);
      await server.stop(true);
    },
  };
}
