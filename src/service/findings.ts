import type { LiveStore } from '../domain/store/live.ts';
import type { Upkeep } from '../domain/store/upkeep.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** Every running job is judged once in this time, and of few jobs more often: */
const LONGEST_ROUND_MS = 60_000;
const SHORTEST_ROUND_MS = 5000;
/** rounds take a hundredth of the time. */
const SHARE = 100;
/** Steps of a long round, and the rest between two. */
const STEPS = 38;
const REST_MS = 1400;
/** The rest after a step is at least this many times as long as the step. */
const LEAST_REST = 5;
/** Jobs of a step. With more than 95,000 running jobs a round takes longer than a minute. */
const LEAST_JOBS = 500;
const MOST_JOBS = 2500;
const STOP_MS = 1000;

interface FindingOptions {
  readonly store: Pick<Upkeep, 'judgeRunning'> & Pick<LiveStore, 'countJobs'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchLoop'>;
}

/** Judges running jobs every minute or more often, in small steps. */
export function findingPart({ store, now, log, metrics }: FindingOptions): Part<Repeat> {
  return {
    name: 'findings',
    stopWithinMs: STOP_MS,
    start() {
      let round: { readonly sinceMs: number; readonly limit: number; workMs: number } | undefined;
      const judging = repeat({
        everyMs: REST_MS,
        async run(signal) {
          const startedMs = performance.now();
          round ??= {
            sinceMs: startedMs,
            limit: stepOf((await store.countJobs()).states.running),
            workMs: 0,
          };
          const { isLast } = await store.judgeRunning(now(), round.limit, signal);
          const endedMs = performance.now();
          round.workMs += endedMs - startedMs;
          const leastMs = Math.max(REST_MS, LEAST_REST * (endedMs - startedMs));
          if (!isLast) return { restMs: leastMs };
          const roundMs = Math.min(LONGEST_ROUND_MS, Math.max(SHORTEST_ROUND_MS, SHARE * round.workMs));
          const restMs = Math.max(leastMs, round.sinceMs + roundMs - endedMs);
          round = undefined;
          return { restMs };
        },
        onError: (cause) => log.warn('findings_failed', { cause }),
      });
      metrics.watchLoop('findings', judging.state);
      return judging;
    },
    stop: (judging) => judging.stop(),
  };
}

const stepOf = (running: number): number =>
  Math.min(MOST_JOBS, Math.max(LEAST_JOBS, Math.ceil(running / STEPS)));
