import { type Repeat, repeat } from '../../repeat.ts';
import { addPoll, restAfter } from './pace.ts';
import { type ReconcileOptions, reconciler } from './reconcile.ts';

/** Slurm does not report how a run ended while its hooks run, on the head and then on the nodes. */
const SOON_MS = 3000;

interface ReconciliationOptions extends ReconcileOptions {
  /** Between two polls; longer where a poll takes long. */
  readonly intervalMs: number;
}

export interface Reconciliation extends Pick<Repeat, 'stop' | 'state'> {
  /** Lets the next poll begin in some seconds, if Slurm's load allows: a run has ended, and Slurm is to report how. */
  hasten(): void;
}

/** Repeats the polls of `reconciler`, with rests that limit Slurm's commands to a twentieth of the time. */
export function startReconciliation({ intervalMs, ...options }: ReconciliationOptions): Reconciliation {
  const { poll, stop } = reconciler(options);
  let pollsMs: number[] = [];
  const polls = repeat({
    everyMs: intervalMs,
    async run() {
      pollsMs = addPoll(pollsMs, await poll());
      const { restMs, hastenedMs } = restAfter(pollsMs);
      return { restMs: Math.max(restMs, intervalMs), leastRestMs: hastenedMs };
    },
    onError: (cause) => options.warn('slurm_poll_failed', { cause }),
  });
  return {
    hasten: () => polls.wake(SOON_MS),
    async stop() {
      stop();
      await polls.stop();
    },
    state: polls.state,
  };
}
