import type { Retention, Upkeep } from '../domain/store/upkeep.ts';
import type { Log } from '../log.ts';

const CHECK_EVERY_MS = 60_000;
/** Between two steps of one check, at least. */
const MIN_PAUSE_MS = 20;
/** So many times what a step took, so that writes always come first: it waits for those that go on. */
const PAUSE_STEPS = 4;

interface RetentionOptions {
  readonly store: Pick<Upkeep, 'expire'>;
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
    const startedMs = performance.now();
    try {
      if (await store.expire(keep, now())) delayMs = pauseAfter(performance.now() - startedMs);
    } catch (error) {
      if (!isStopped) log.warn('retention failed', { cause: error });
    }
    if (!isStopped) timer = setTimeout(step, delayMs);
  }

  timer = setTimeout(step, MIN_PAUSE_MS);
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** How long to pause after a step that took so long, its wait for other writes included. */
export const pauseAfter = (stepMs: number): number => Math.max(MIN_PAUSE_MS, PAUSE_STEPS * stepMs);
