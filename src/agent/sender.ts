import type { SentBatchResult } from '../api/batch.ts';
import { type Repeat, repeat } from '../repeat.ts';
import { earlyBatches } from './early.ts';
import type { Spool } from './spool.ts';

/** A service that comes back is not asked for more than this at once, by any of thousands of agents. */
const BATCHES_PER_RUN = 20;
/** Looks again even if nobody woke it. */
const EVERY_MS = 60_000;
/** All agents are back within two intervals after an outage: test/bench/comeback.ts. */
const LONGEST_WAIT_MS = 25_000;
/** The first wait after a failure; doubled each time. */
const FIRST_WAIT_MS = 1000;

interface SenderOptions {
  readonly spool: Spool;
  /** Sends one batch; rejects with an error that `isLasting` judges. */
  readonly send: (bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<SentBatchResult>;
  /** Whether the service will refuse this batch for ever: it is dropped, so that others go on. */
  readonly isLasting: (error: unknown) => boolean;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicMs: () => number;
  /** 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
}

export interface Sender extends Pick<Repeat, 'stop' | 'state'> {
  /** Sends what is in the spool `delayMs` from now, unless it waits after a failure. */
  wake(delayMs?: number): void;
  counts(): SendCounts;
}

export interface SendCounts {
  readonly sent: number;
  readonly failures: number;
  /** Batches that the service refused for ever. */
  readonly refused: number;
  /** Rows that it refused one by one, for example because their job is unknown. */
  readonly refusedRows: number;
}

/**
 * Sends the batches of a spool in order, one at a time. After a failure it waits, twice as long each time up
 * to 25 s, and each wait is between half and all of that: agents that failed together do not come back
 * together. A batch with samples of a job that the service does not know yet is sent again a few times, and
 * does not hold up the others.
 */
export function startSender(options: SenderOptions): Sender {
  const { spool, send, isLasting, monotonicMs, random, warn } = options;
  const early = earlyBatches(monotonicMs);
  const isReady = (number: number) => !early.isWaiting(number);
  const counts = { sent: 0, failures: 0, refused: 0, refusedRows: 0 };
  let waitMs = FIRST_WAIT_MS;

  /** Returns whether there was a batch to send. */
  async function sendFirst(signal: AbortSignal): Promise<boolean> {
    const batch = spool.first(isReady);
    if (!batch) return false;
    try {
      const { refused, refusals, reportError } = await send(batch.bytes, signal);
      if (refusals.some(({ error }) => error === 'not_found') && early.keep(batch.number)) return true;
      counts.sent++;
      counts.refusedRows += refused;
      if (reportError !== undefined) warn('report_refused', { message: reportError });
      if (refused > 0) warn('samples_refused', { samples: refused, message: refusals[0]?.message });
    } catch (cause) {
      if (signal.aborted || !isLasting(cause)) throw cause;
      counts.refused++;
      warn('batch_refused', { cause, message: 'The service refuses this batch; it is dropped.' });
    }
    spool.remove(batch.number);
    early.forget(batch.number);
    return true;
  }

  /** How long to wait after a run without a failure; undefined until there is another batch. */
  function restMs(): number | undefined {
    if (spool.state().batches > 0 && spool.first(isReady)) return 0;
    early.forgetDue();
    return early.restMs();
  }

  const runs = repeat({
    everyMs: EVERY_MS,
    async run(signal) {
      try {
        for (let left = BATCHES_PER_RUN; left > 0 && !signal.aborted; left--) {
          if (!(await sendFirst(signal))) break;
          waitMs = FIRST_WAIT_MS;
        }
      } catch (cause) {
        if (signal.aborted) return undefined;
        counts.failures++;
        const restMs = waitMs * (0.5 + random() / 2);
        waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
        warn('service_not_reached', { cause, waitSeconds: Math.round(restMs / 1000) });
        return { restMs, leastRestMs: restMs };
      }
      const ms = restMs();
      return ms === undefined ? undefined : { restMs: ms };
    },
    onError: (cause) => warn('sender_failed', { cause }),
  });

  return {
    wake: runs.wake,
    stop: runs.stop,
    state: runs.state,
    counts: () => ({ ...counts }),
  };
}
