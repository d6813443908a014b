import type { Retention, Upkeep } from '../domain/store/upkeep.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Config } from '../settings/table.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

const CHECK_EVERY_MS = 60_000;
const MIN_PAUSE_MS = 20;
/** The pause after a step, as a multiple of the step's time, so that writes always come first. */
const PAUSE_STEPS = 4;
const STOP_MS = 1000;
/** Who did what is kept for two years. */
const AUDIT_MS = 2 * 365 * 24 * 60 * 60_000;

interface RetentionOptions {
  readonly store: Pick<Upkeep, 'expire'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly keep: Retention;
}

/** Seals old samples and deletes what is older than the settings allow. */
export function retentionPart({
  config: { sampleRetentionMs, summaryRetentionMs, jobRetentionMs },
  metrics,
  ...options
}: Omit<RetentionOptions, 'keep'> & {
  config: Pick<Config, 'sampleRetentionMs' | 'summaryRetentionMs' | 'jobRetentionMs'>;
  metrics: Pick<Metrics, 'watchLoop'>;
}): Part<Repeat> {
  const keep: Retention = {
    auditMs: AUDIT_MS,
    ...(sampleRetentionMs !== null && { sampleMs: sampleRetentionMs }),
    ...(summaryRetentionMs !== null && { summaryMs: summaryRetentionMs }),
    ...(jobRetentionMs !== null && { jobMs: jobRetentionMs }),
  };
  return {
    name: 'retention',
    stopWithinMs: STOP_MS,
    start() {
      const retention = startRetention({ ...options, keep });
      metrics.watchLoop('retention', retention.state);
      return retention;
    },
    stop: (retention) => retention.stop(),
  };
}

/** Seals and deletes in small steps between the writes. */
export function startRetention({ store, now, log, keep }: RetentionOptions): Repeat {
  return repeat({
    everyMs: CHECK_EVERY_MS,
    firstMs: MIN_PAUSE_MS,
    async run() {
      const startedMs = performance.now();
      const hasMore = await store.expire(keep, now());
      return hasMore ? { restMs: pauseAfter(performance.now() - startedMs) } : undefined;
    },
    onError: (cause) => log.warn('retention_failed', { cause }),
  });
}

/** Returns the pause after a step of `stepMs`, its wait for other writes included. */
export const pauseAfter = (stepMs: number): number => Math.max(MIN_PAUSE_MS, PAUSE_STEPS * stepMs);
