/** squeue is asked every 30 s, and hooks and completion records arrive before that. */
const EVERY_MS = 30_000;
const FOR_MS = 180_000;

/** Batches with samples of jobs that the service does not know yet. */
export interface EarlyBatches {
  /** Returns whether a batch is kept, and sent again later; false once it has waited for long enough. */
  keep(number: number): boolean;
  forget(number: number): void;
  /** Whether it is not yet time to send a batch again. */
  isWaiting(number: number): boolean;
  /** How long until one of them is sent again; undefined if there are none. */
  restMs(): number | undefined;
  /** Forgets those that could be sent now: where none of them is in the spool, they were dropped from it. */
  forgetDue(): void;
}

/**
 * Keeps the times of batches that are sent again because the service did not know one of their jobs: a job
 * may have begun a second ago. Repeats change nothing, so the whole batch goes again.
 */
export function earlyBatches(monotonicMs: () => number): EarlyBatches {
  const times = new Map<number, { readonly untilMs: number; nextMs: number }>();
  return {
    keep(number) {
      const nowMs = monotonicMs();
      const { untilMs } = times.get(number) ?? { untilMs: nowMs + FOR_MS };
      if (nowMs >= untilMs) return false;
      times.set(number, { untilMs, nextMs: Math.min(nowMs + EVERY_MS, untilMs) });
      return true;
    },
    forget: (number) => void times.delete(number),
    isWaiting: (number) => (times.get(number)?.nextMs ?? 0) > monotonicMs(),
    restMs() {
      if (times.size === 0) return undefined;
      return Math.min(...[...times.values()].map(({ nextMs }) => nextMs)) - monotonicMs();
    },
    forgetDue() {
      for (const [number, { nextMs }] of times) if (nextMs <= monotonicMs()) times.delete(number);
    },
  };
}
