import { addPoll, restAfter } from './pace.ts';
import { type ReconcileOptions, reconciler } from './reconcile.ts';

/** While the hooks of an end run, on the head and then on the nodes, Slurm does not say how it ended. */
const SOON_MS = 3000;

interface RepeatOptions extends ReconcileOptions {
  /** Between two looks; it is longer where a look takes long. */
  readonly intervalMs: number;
}

export interface Reconciliation {
  /** A run has ended, and Slurm is to say how: lets the next look begin in some seconds, if Slurm's load allows. */
  hasten(): void;
  /** Resolves when the look at hand is over. */
  stop(): Promise<void>;
}

/**
 * Looks again and again (`reconciler`), with rests between that keep Slurm's commands to a twentieth of the time.
 * Whatever fails is told, and tried again at the next look.
 */
export function startReconciliation({ intervalMs, ...options }: RepeatOptions): Reconciliation {
  const { poll, stop } = reconciler(options);
  let isStopped = false;
  let wake = () => {};
  // Since the start of the process.
  let hastenedMs = Number.NEGATIVE_INFINITY;
  let wantedMs = Number.POSITIVE_INFINITY;

  let looksMs: number[] = [];

  async function rest(): Promise<void> {
    const sinceMs = performance.now();
    const { restMs, hastenedMs: restIfWantedMs } = restAfter(looksMs);
    const leftMs = () => {
      const regularMs = sinceMs + Math.max(restMs, intervalMs);
      return Math.min(regularMs, Math.max(sinceMs + restIfWantedMs, wantedMs)) - performance.now();
    };
    while (!isStopped && leftMs() > 0) {
      const over = Promise.withResolvers<void>();
      wake = over.resolve;
      const timer = setTimeout(over.resolve, Math.max(1, leftMs()));
      await over.promise;
      clearTimeout(timer);
    }
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      const startedMs = performance.now();
      const nextMs = hastenedMs + SOON_MS;
      wantedMs = nextMs > startedMs ? nextMs : Number.POSITIVE_INFINITY;
      looksMs = addPoll(looksMs, await poll());
      await rest();
    }
  }

  const running = run();
  return {
    hasten() {
      hastenedMs = performance.now();
      wantedMs = Math.min(wantedMs, hastenedMs + SOON_MS);
      wake();
    },
    async stop() {
      isStopped = true;
      stop();
      wake();
      await running;
    },
  };
}
