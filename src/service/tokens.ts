import { type TokenRegistry, tokenRegistry } from '../access/token.ts';
import type { AccessStore, Token } from '../domain/store/access.ts';
import type { DutyStore } from '../domain/store/duty.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** How much of the last use of tokens a kill loses at most. */
const SAVE_EVERY_MS = 60_000;
const STOP_MS = 2000;

interface TokenOptions {
  /** The tokens that are stored. */
  readonly stored: readonly Token[];
  readonly store: AccessStore & Pick<DutyStore, 'duty'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchLoop'>;
}

interface Running {
  readonly registry: TokenRegistry;
  readonly saving: Repeat;
}

/** The tokens; when they were used is stored once a minute, and at the end. */
export function tokenPart({ stored, store, now, log, metrics }: TokenOptions): Part<Running> {
  return {
    name: 'tokens',
    stopWithinMs: STOP_MS,
    start() {
      const registry = tokenRegistry({ stored, store, now });
      const saving = repeat({
        everyMs: SAVE_EVERY_MS,
        firstMs: SAVE_EVERY_MS,
        // The uses that a reader sees are stored when it writes.
        run: async () => void (store.duty() === 'writer' && (await registry.saveUses())),
        onError: (cause) => log.warn('token_uses_not_saved', { cause }),
      });
      metrics.watchLoop('token_uses', saving.state);
      return { registry, saving };
    },
    async stop({ registry, saving }) {
      await saving.stop();
      if (store.duty() === 'writer') await registry.saveUses();
    },
  };
}
