import type { Overviews } from '../domain/overview/keeper.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** How often the overview may have become old. */
const CHECK_EVERY_MS = 5000;
const STOP_MS = 1000;

interface OverviewOptions {
  readonly overviews: Pick<Overviews, 'refresh'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchLoop'>;
}

/** Keeps the overview of the cluster fresh, so that nobody who asks for it waits. */
export function overviewPart({ overviews, log, metrics }: OverviewOptions): Part<Repeat> {
  return {
    name: 'overview',
    stopWithinMs: STOP_MS,
    start() {
      const refreshing = repeat({
        everyMs: CHECK_EVERY_MS,
        async run() {
          await overviews.refresh();
          return undefined;
        },
        onError: (cause) => log.warn('overview_failed', { cause }),
      });
      metrics.watchLoop('overview', refreshing.state);
      return refreshing;
    },
    stop: (refreshing) => refreshing.stop(),
  };
}
