import type { Thresholds } from '../finding/thresholds.ts';
import type { Commit, ExpireStep, Notice } from './upkeep.ts';

/** What an engine reports while it runs, apart from the results of its methods. */
export interface StoreObserver {
  /** Called after every attempt to commit. */
  readonly onCommit: (commit: Commit) => void;
  /** Called after every step of `expire`. */
  readonly onExpire: (step: ExpireStep) => void;
  /** Called with what an administrator should know. */
  readonly onNotice: (notice: Notice) => void;
  /**
   * Called once if the store has failed for good: every later write is refused, and the process should end.
   */
  readonly onDeath: (cause: Error) => void;
}

/** How a store is opened. */
export interface StoreOptions extends Partial<StoreObserver> {
  /** Page cache of the writer, for a command that writes very much and then ends. */
  readonly cacheBytes?: number;
  /** Most samples that may be unsealed before samples are refused; see domain/unsealed.ts. */
  readonly maxUnsealedSamples?: number;
  /** By which findings judge ended runs; the defaults if left out. */
  readonly thresholds?: Thresholds;
  /** Commits each batch in one transaction, because no other writes wait for the disk. */
  readonly areBatchesWhole?: boolean;
  /**
   * Opens a database to which another service writes for reading, and takes over when that service is gone.
   * Without it, opening such a database is DatabaseInUse, and a service that another one has replaced dies.
   * Of PostgreSQL only.
   */
  readonly standsBy?: boolean;
  /**
   * Another address of the same database, over which it is read: a pool that gives out connections for one
   * transaction each. Of PostgreSQL only.
   */
  readonly readsFrom?: string;
}
