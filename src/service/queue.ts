import type { Queues } from '../domain/queue-keeper.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** How often the queue may have become old. */
const CHECK_EVERY_MS = 5000;
const STOP_MS = 1000;

interface QueueOptions {
  readonly queues: Pick<Queues, 'refresh'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchLoop'>;
}

/** Keeps the queue fresh, so that nobody who asks for it waits. */
export function queuePart({ queues, log, metrics }: QueueOptions): Part<Repeat> {
  return {
    name: 'queue',
    stopWithinMs: STOP_MS,
    start() {
      const refreshing = repeat({
        everyMs: CHECK_EVERY_MS,
        async run() {
          await queues.refresh();
          return undefined;
        },
        onError: (cause) => log.warn('queue_failed', { cause }),
      });
      metrics.watchLoop('queue', refreshing.state);
      return refreshing;
    },
    stop: (refreshing) => refreshing.stop(),
  };
}
