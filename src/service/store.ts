import type { Thresholds } from '../domain/finding/thresholds.ts';
import type { Store } from '../domain/store/store.ts';
import type { Log } from '../log.ts';
import { openStore } from '../store/open.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** What was acknowledged is on disk already; this is for the last checkpoint of the database. */
const CLOSE_MS = 30_000;

interface StoreOptions {
  readonly database: string;
  /** Another way to the same database, for reads. */
  readonly readsFrom: string | undefined;
  /** Most samples that may be unsealed. */
  readonly maxUnsealedSamples: number;
  /** By which findings judge ended runs. */
  readonly thresholds: Thresholds;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'observeCommit' | 'watchStore'>;
  /**
   * Called once if the store has failed for good: nothing can be written any more, and the service must end.
   */
  readonly onDeath: (cause: Error) => void;
}

/** The database. */
export function storePart({
  database,
  readsFrom,
  maxUnsealedSamples,
  thresholds,
  log,
  metrics,
  onDeath,
}: StoreOptions): Part<Store> {
  return {
    name: 'store',
    stopWithinMs: CLOSE_MS,
    async start() {
      const store = await openStore(database, {
        ...(readsFrom !== undefined && { readsFrom }),
        maxUnsealedSamples,
        thresholds,
        onCommit(commit) {
          metrics.observeCommit(commit);
          const { seconds, ...counts } = commit;
          log.debug('commit', { ms: roundMs(seconds), ...counts });
        },
        onExpire({ seconds, ...step }) {
          if (step.changedRows > 0) log.debug('expire_step', { ms: roundMs(seconds), ...step });
        },
        onNotice: ({ level, event, message }) => log[level](event, { message }),
        onDeath,
        // Where services may share a database, one more waits for its turn.
        standsBy: true,
      });
      metrics.watchStore(store);
      return store;
    },
    stop: (store) => store.close(),
  };
}

/** Milliseconds, to the microsecond. */
export const roundMs = (seconds: number): number => Math.round(seconds * 1e6) / 1000;
