/** A run that failed is tried again after this, then after twice as long each time, up to the longest. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/** The rest after a run, where it differs from `everyMs`. */
export interface Rest {
  readonly restMs?: number;
  /** `wake` does not shorten the rest below this. */
  readonly leastRestMs?: number;
}

interface RepeatOptions {
  /** From the end of one run to the start of the next. */
  readonly everyMs: number;
  /** Before the first run; 0 when left out. */
  readonly firstMs?: number;
  /** 0 to 1, as Math.random: rests after failures are between half and all of their time. */
  readonly random?: () => number;
  /** One run. `signal` is aborted by `stop`, so that a long run can end early. */
  readonly run: (signal: AbortSignal) => Promise<Rest | undefined>;
  /** Called with each error of `run` until `stop` is called; the loop itself goes on. */
  readonly onError: (error: unknown) => void;
}

/** Counts since the start. */
export interface RepeatState {
  readonly runs: number;
  readonly failures: number;
}

export interface Repeat {
  /** Starts a run `delayMs` from now, unless one starts before; not while it backs off after a failure. */
  wake(delayMs?: number): void;
  /** Starts no further run and resolves when the current one has ended. */
  stop(): Promise<void>;
  state(): RepeatState;
}

/** Calls `run` again and again, one call at a time. After failures the rests grow from 0.5 s to 60 s. */
export function repeat({ everyMs, firstMs = 0, random = () => 1, run, onError }: RepeatOptions): Repeat {
  const stopping = new AbortController();
  const { signal } = stopping;
  const state = { runs: 0, failures: 0 };
  let retryMs = FIRST_RETRY_MS;
  // Both on the clock of performance.now(): the next run that `wake` asked for, and the latest it asked for.
  let wantedMs = Number.POSITIVE_INFINITY;
  let lastWantedMs = Number.NEGATIVE_INFINITY;
  let interrupt = () => {};

  async function rest(restMs: number, leastRestMs: number): Promise<void> {
    const sinceMs = performance.now();
    const leftMs = () =>
      Math.min(sinceMs + restMs, Math.max(sinceMs + leastRestMs, wantedMs)) - performance.now();
    while (!signal.aborted && leftMs() > 0) {
      const over = Promise.withResolvers<void>();
      interrupt = over.resolve;
      const timer = setTimeout(over.resolve, Math.max(1, leftMs()));
      await over.promise;
      clearTimeout(timer);
    }
  }

  /** Runs once and returns the rest that follows. */
  async function runOnce(): Promise<Required<Rest>> {
    const startedMs = performance.now();
    // A run that starts before the time that was asked for does not replace the one asked for.
    wantedMs = lastWantedMs > startedMs ? lastWantedMs : Number.POSITIVE_INFINITY;
    state.runs++;
    try {
      const { restMs = everyMs, leastRestMs = 0 } = (await run(signal)) ?? {};
      retryMs = FIRST_RETRY_MS;
      return { restMs, leastRestMs };
    } catch (error) {
      state.failures++;
      if (!signal.aborted) onError(error);
      const restMs = retryMs * (0.5 + random() / 2);
      retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
      return { restMs, leastRestMs: restMs };
    }
  }

  async function loop(): Promise<void> {
    let { restMs, leastRestMs }: Required<Rest> = { restMs: firstMs, leastRestMs: 0 };
    for (;;) {
      await rest(restMs, leastRestMs);
      if (signal.aborted) return;
      ({ restMs, leastRestMs } = await runOnce());
    }
  }

  const running = loop();
  return {
    wake(delayMs = 0) {
      const askedMs = performance.now() + delayMs;
      lastWantedMs = Math.max(lastWantedMs, askedMs);
      if (askedMs >= wantedMs) return;
      wantedMs = askedMs;
      interrupt();
    },
    async stop() {
      stopping.abort();
      interrupt();
      await running;
    },
    state: () => ({ ...state }),
  };
}
