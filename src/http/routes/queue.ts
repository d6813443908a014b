import { Elysia } from 'elysia';
import { GET_QUEUE, type QueueState, renderQueue } from '../../api/queue.ts';
import type { Caller } from '../../domain/caller.ts';
import { queueCollector } from '../../domain/queue.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { describe } from '../response/operation.ts';
import { shareAnswer } from '../response/shared-answer.ts';

/** Waiting jobs that are counted, the oldest first. Slurm keeps 10,000 unless its MaxJobCount allows more. */
const MAX_COUNTED = 100_000;

interface QueueOptions {
  readonly store: ViewStore;
  readonly now: () => number;
}

/** Serves the jobs that wait. */
export const queue = ({ store, now }: QueueOptions) => {
  const ofAll = shareAnswer(() => makeQueue(store.seenBy('all'), now()), now);
  const queueOf = (caller: Caller): Promise<QueueState> =>
    caller.sight === 'all' ? ofAll() : makeQueue(viewOf(store, caller), now());

  return new Elysia({ name: 'queue', normalize: false })
    .use(callerContext)
    .get(GET_QUEUE.path, async ({ caller }) => renderQueue(await queueOf(caller)), {
      detail: describe(GET_QUEUE),
    });
};

async function makeQueue(view: View, nowMs: number): Promise<QueueState> {
  const collector = queueCollector(nowMs);
  const order = { sort: 'startTime', isAscending: true } as const;
  let countedJobs = 0;
  for await (const page of view.streamJobs({ state: 'pending' }, { nowMs, order, limit: MAX_COUNTED })) {
    countedJobs += page.length;
    for (const job of page) collector.add(job);
  }
  const jobs =
    countedJobs < MAX_COUNTED
      ? countedJobs
      : (await view.listJobs({ state: 'pending' }, { limit: 1, nowMs })).total;
  return { timeMs: nowMs, jobs, countedJobs, ...collector.queue() };
}
