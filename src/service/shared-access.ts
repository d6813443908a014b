import type { AccessStore, Session, Token } from '../domain/store/access.ts';
import type { DutyStore } from '../domain/store/duty.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** A message of the other service may be lost with a connection. */
const EVERY_MS = 60_000;
/** Many sessions may begin at once, and all are read at each change. */
const LEAST_MS = 1000;
const STOP_MS = 2000;

interface SharedAccessOptions {
  readonly store: Pick<AccessStore, 'loadAccess'> & Pick<DutyStore, 'duty' | 'watchAccess'>;
  /** Receives all tokens and sessions that are stored. */
  readonly replace: (access: { tokens: readonly Token[]; sessions: readonly Session[] }) => void;
  /** How often this service has changed tokens and sessions itself. */
  readonly changes: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Pick<Log, 'warn'>;
  readonly metrics: Pick<Metrics, 'watchLoop'>;
}

/**
 * Keeps the tokens and sessions in memory as another service stores them: a token that was revoked there is
 * refused here within about a second.
 */
export function sharedAccessPart({
  store,
  replace,
  changes,
  now,
  log,
  metrics,
}: SharedAccessOptions): Part<Repeat> {
  let unwatch: (() => void) | undefined;
  return {
    name: 'shared_access',
    stopWithinMs: STOP_MS,
    start() {
      let isTold = false;
      const loading = repeat({
        everyMs: EVERY_MS,
        firstMs: EVERY_MS,
        async run() {
          if (store.duty() === 'writer' && !isTold) return undefined;
          isTold = false;
          const before = changes();
          const access = await store.loadAccess(now());
          // What this service has changed meanwhile may be missing in what was read.
          if (changes() === before) replace(access);
          else isTold = true;
          return isTold ? { restMs: LEAST_MS } : { restMs: EVERY_MS, leastRestMs: LEAST_MS };
        },
        onError: (cause) => log.warn('access_not_read', { cause }),
      });
      unwatch = store.watchAccess(() => {
        isTold = true;
        loading.wake();
      });
      metrics.watchLoop('shared_access', loading.state);
      return loading;
    },
    async stop(loading) {
      unwatch?.();
      await loading.stop();
    },
  };
}
