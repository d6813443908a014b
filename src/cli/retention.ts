import type { Retention, Store } from '../domain/store.ts';
import type { Log } from '../log.ts';

const CHECK_EVERY_MS = 60_000;
/** Between two steps of one check, so that writes always come first. */
const PAUSE_MS = 20;

interface RetentionOptions {
  readonly store: Store;
  readonly now: () => number;
  readonly log: Log;
  readonly keep: Retention;
}

/** Removes what is older than `keep` allows, in small steps beside the writes, until it is stopped. */
export function startRetention({ store, now, log, keep }: RetentionOptions): { stop(): void } {
  let timer: Timer | undefined;
  let isStopped = false;

  async function step(): Promise<void> {
    let delayMs = CHECK_EVERY_MS;
    try {
      if (await store.expire(keep, now())) delayMs = PAUSE_MS;
    } catch (error) {
      if (!isStopped) log.warn('retention failed', { cause: error });
    }
    if (!isStopped) timer = setTimeout(step, delayMs);
  }

  timer = setTimeout(step, PAUSE_MS);
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
