import {
  type Delivery,
  type DeliveryOutcome,
  type DueDelivery,
  LONGEST_RETRY_MS,
  type PolicyStore,
} from '../../domain/store/policies.ts';
import type { Log } from '../../log.ts';
import type { Rest } from '../../repeat.ts';
import { type Send, SendError, sayError } from './ways.ts';

const AT_ONCE = 100;
const FIRST_RETRY_MS = 60_000;
/** What is handed over to a receiver that does not answer is never sent again, so that it waits instead. */
const AFTER_UNCLEAR_MS = 5 * 60_000;

interface DeliverOptions {
  readonly store: Pick<PolicyStore, 'listDue' | 'claimDelivery' | 'settleDelivery'>;
  readonly way: Delivery['way'];
  readonly deliver: Send;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Pick<Log, 'warn' | 'debug'>;
  readonly observe: (result: DeliveryOutcome['state'] | 'retried') => void;
}

/**
 * Returns a function that sends what is due in one way. Each notice is sent at most once: it is marked
 * before, and sent again only if it was surely not taken. The function ends early once `signal` is
 * aborted, or where nobody answers, and returns the rest that the receiver needs.
 */
export function deliverer({ store, way, deliver, now, log, observe }: DeliverOptions) {
  async function send({ notice, tries }: DueDelivery): Promise<SendError['kind'] | undefined> {
    if (now() >= notice.expiresMs) return settle({ state: 'expired', nextMs: now() });
    if (!(await store.claimDelivery(notice.number, way))) return undefined;
    try {
      await deliver(notice);
      return settle({ state: 'sent', nextMs: now() });
    } catch (error) {
      const kind = error instanceof SendError ? error.kind : 'maybe';
      log.warn('notice_not_sent', {
        notice: notice.number,
        policy: notice.policy,
        way,
        tries: tries + 1,
        error: sayError(error),
      });
      await settle(outcomeOf(kind, tries, sayError(error)));
      return kind;
    }

    async function settle(outcome: DeliveryOutcome): Promise<undefined> {
      await store.settleDelivery(notice.number, way, outcome);
      observe(outcome.state === 'waiting' ? 'retried' : outcome.state);
    }
  }

  const outcomeOf = (kind: SendError['kind'], tries: number, error: string): DeliveryOutcome => {
    if (kind === 'maybe') return { state: 'unknown', nextMs: now(), error };
    if (kind === 'impossible') return { state: 'failed', nextMs: now(), error };
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(tries, 10), LONGEST_RETRY_MS);
    return { state: 'waiting', nextMs: now() + waitMs, error };
  };

  return async (signal: AbortSignal): Promise<Rest | undefined> => {
    for (const due of await store.listDue(way, now(), AT_ONCE)) {
      if (signal.aborted) return undefined;
      const trouble = await send(due);
      if (trouble === 'maybe') return { restMs: AFTER_UNCLEAR_MS };
      if (trouble === 'away') return undefined;
    }
    return undefined;
  };
}
