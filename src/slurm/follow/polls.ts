import { type Repeat, repeat } from '../../repeat.ts';
import { addPoll, restAfter } from './pace.ts';
import { type ReconcileOptions, reconciler } from './reconcile.ts';

/**
 * Slurm does not show how a run ended until its epilogs have run, first on the head node and then on the
 * compute nodes.
 */
const SOON_MS = 3000;

interface ReconciliationOptions extends ReconcileOptions {
  /** Between two polls; longer where a poll takes long. */
  readonly intervalMs: number;
}

export interface Reconciliation extends Pick<Repeat, 'stop' | 'state'> {
  /** Requests a poll in 3 s, if Slurm's load allows: a run has ended, and Slurm will show how. */
  hasten(): void;
}

/**
 * Repeats the polls of `reconciler`, with rests that limit Slurm's commands to a twentieth of the time, or a
 * tenth after `hasten`.
 */
export function startReconciliation({ intervalMs, ...options }: ReconciliationOptions): Reconciliation {
  const { poll } = reconciler(options);
  let pollsMs: number[] = [];
  const polls = repeat({
    everyMs: intervalMs,
    async run(signal) {
      pollsMs = addPoll(pollsMs, await poll(signal));
      const { restMs, hastenedMs } = restAfter(pollsMs);
      return { restMs: Math.max(restMs, intervalMs), leastRestMs: hastenedMs };
    },
    onError: (cause) => options.warn('slurm_poll_failed', { cause }),
  });
  return {
    hasten: () => polls.wake(SOON_MS),
    stop: polls.stop,
    state: polls.state,
  };
}
