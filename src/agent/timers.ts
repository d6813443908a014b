/** Timers that are stopped together. */
export interface Timers {
  /** Runs something once, `delayMs` from now, unless the timers are stopped before. */
  later(delayMs: number, run: () => void): void;
  stop(): void;
}

export function createTimers(): Timers {
  const timers = new Set<Timer>();
  return {
    later(delayMs, run) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        run();
      }, delayMs);
      timers.add(timer);
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
