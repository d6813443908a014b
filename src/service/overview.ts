import { countEnded, historyRow, isRowBefore, isRowDue } from '../domain/overview/history.ts';
import type { Overviews } from '../domain/overview/keeper.ts';
import type { Overview } from '../domain/overview/overview.ts';
import type { DutyStore } from '../domain/store/duty.ts';
import type { HistoryStore } from '../domain/store/history.ts';
import type { LiveStore } from '../domain/store/live.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** How often the overview may have become old. */
const CHECK_EVERY_MS = 5000;
const STOP_MS = 1000;

interface RecorderOptions {
  readonly store: Pick<HistoryStore, 'recordHistory' | 'lastHistoryMs'> & Pick<LiveStore, 'endedJobs'>;
}

interface OverviewOptions extends RecorderOptions {
  readonly store: RecorderOptions['store'] & Pick<DutyStore, 'duty'>;
  readonly overviews: Pick<Overviews, 'refresh'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchLoop'>;
}

/**
 * Keeps the overview of the cluster fresh, so that nobody who asks for it waits, and stores its history if
 * this service writes.
 */
export function overviewPart({ store, overviews, log, metrics }: OverviewOptions): Part<Repeat> {
  return {
    name: 'overview',
    stopWithinMs: STOP_MS,
    start() {
      let record: ReturnType<typeof historyRecorder> | undefined;
      const refreshing = repeat({
        everyMs: CHECK_EVERY_MS,
        async run() {
          const overview = await overviews.refresh();
          if (store.duty() === 'reader') record = undefined;
          else {
            record ??= historyRecorder({ store });
            await record(overview);
          }
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

/** After a start, squeue and the agents need this long to tell what has happened since. */
const SETTLE_MS = 60_000;

/** Returns a function that stores a row of the history for an overview, if one is due. */
export function historyRecorder({ store }: RecorderOptions): (overview: Overview) => Promise<void> {
  let firstMs: number | undefined;
  return async (overview) => {
    const { timeMs } = overview;
    firstMs ??= timeMs;
    if (timeMs - firstMs < SETTLE_MS) return;
    const lastMs = await store.lastHistoryMs();
    if (!isRowDue(lastMs, timeMs)) return;
    const row = historyRow(overview, await endedSince(lastMs, timeMs));
    if (row) await store.recordHistory([row]);
  };

  /** Nothing after an absence, because nobody knows when in it a job ended. */
  async function endedSince(lastMs: number | undefined, timeMs: number) {
    if (lastMs === undefined || !isRowBefore(lastMs, timeMs)) return {};
    const counts = { completed: 0, failed: 0, cancelled: 0 };
    for await (const page of store.endedJobs(lastMs)) countEnded(counts, page, lastMs, timeMs);
    return counts;
  }
}
