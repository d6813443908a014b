import type { Retention, Upkeep } from '../domain/store/upkeep.ts';
import { pauseAfter } from '../domain/unsealed.ts';
import type { Log } from '../log.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Config } from '../settings/table.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

const FIRST_MS = 20;
/** How often something may have become too old. */
const CHECK_EVERY_MS = 60_000;
/** How often unsealed samples are counted: fewer than a million can arrive meanwhile. */
const COUNT_EVERY_MS = 2000;
const STOP_MS = 1000;
/** Who did what is kept for two years. */
const AUDIT_MS = 2 * 365 * 24 * 60 * 60_000;

interface RetentionOptions {
  readonly store: Pick<Upkeep, 'expire' | 'status'>;
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

/**
 * Seals and deletes in small steps between the writes: once a minute, and as soon as so many samples are
 * unsealed that sealing becomes urgent.
 */
export function startRetention({ store, now, log, keep }: RetentionOptions): Repeat {
  const urgency = () => store.status().sealUrgency;
  let dueMs = 0;
  return repeat({
    everyMs: COUNT_EVERY_MS,
    firstMs: FIRST_MS,
    async run() {
      const startedMs = performance.now();
      if (startedMs < dueMs && urgency() === 0) return;
      const hasMore = await store.expire(keep, now());
      const endedMs = performance.now();
      if (hasMore) return { restMs: pauseAfter(endedMs - startedMs, urgency()) };
      dueMs = endedMs + CHECK_EVERY_MS;
    },
    onError: (cause) => log.warn('retention_failed', { cause }),
  });
}
