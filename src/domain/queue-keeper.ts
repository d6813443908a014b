import { type Answers, answerKeeper } from './answer-keeper.ts';
import { type Queue, queueCollector } from './queue.ts';
import type { View, ViewStore } from './store/view.ts';

/** Waiting jobs that are counted, the oldest first. Slurm keeps 10,000 unless its MaxJobCount allows more. */
const MAX_COUNTED = 100_000;

/** The queue at one moment, from the jobs that somebody may see. */
export interface QueueState extends Queue {
  readonly timeMs: number;
  readonly jobs: number;
  /** Fewer than `jobs` if there are too many to count. */
  readonly countedJobs: number;
}

/** Queues: one of 20,000 waiting jobs takes some tenths of a second to make. */
export type Queues = Answers<QueueState>;

interface KeeperOptions {
  readonly store: ViewStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Keeps the latest queue of each sight. */
export const queueKeeper = ({ store, now }: KeeperOptions): Queues =>
  answerKeeper({ make: (sight, nowMs) => makeQueue(store.seenBy(sight), nowMs), now });

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
