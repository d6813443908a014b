import { hostname } from 'node:os';
import { UsageError } from '../domain/errors.ts';
import type { Log } from '../log.ts';
import { otlpBodies } from '../push/otlp.ts';
import { type Pusher, startPusher } from '../push/pusher.ts';
import { snapshotQueue } from '../push/queue.ts';
import { receiver } from '../push/receiver.ts';
import { textBodies } from '../push/text.ts';
import type { ServiceConfig } from '../settings/table.ts';
import { readText } from './certificate.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** Four hours at the usual interval, in memory; older ones are merged. */
const MAX_SNAPSHOTS = 960;
const MAX_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const STOP_MS = 5000;
/** The label `job`, as deploy/prometheus.yml has it. */
const JOB = 'hpc-observe';

type PushConfig = Pick<
  ServiceConfig,
  'push' | 'pushFormat' | 'pushIntervalMs' | 'pushToken' | 'pushUser' | 'pushPassword' | 'pushCa'
>;

interface PushOptions {
  /** Where to send, and how. */
  readonly plan: PushPlan;
  readonly now: () => number;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'render' | 'watchPush' | 'watchLoop'>;
}

/** What the settings say about pushing, checked. */
export interface PushPlan {
  readonly url: string;
  readonly format: 'text' | 'otlp';
  readonly intervalMs: number;
  readonly authorization?: string;
  readonly ca?: string;
}

/** Reads the settings; undefined if nothing is pushed. OperatorError if they do not go together. */
export function planPush(config: PushConfig): PushPlan | undefined {
  const { push, pushFormat, pushIntervalMs: intervalMs, pushToken, pushUser, pushPassword, pushCa } = config;
  if (push === null) return undefined;
  if ((pushUser === null) !== (pushPassword === null))
    throw new UsageError('--push-user and --push-password-file are given together or not at all.');
  if (pushUser !== null && pushToken !== null)
    throw new UsageError('--push-user and --push-token-file cannot be given together.');
  const url = new URL(push);
  const isOtlp = pushFormat === 'auto' ? /\/v1\/metrics\/?$/.test(url.pathname) : pushFormat === 'otlp';
  // As a scrape would label the series; VictoriaMetrics reads them, and others ignore them.
  if (!isOtlp && !url.searchParams.has('extra_label')) {
    url.searchParams.append('extra_label', `job=${JOB}`);
    url.searchParams.append('extra_label', `instance=${hostname()}`);
  }
  const basic = pushUser !== null && `Basic ${Buffer.from(`${pushUser}:${pushPassword}`).toString('base64')}`;
  const authorization = pushToken !== null ? `Bearer ${pushToken}` : basic || undefined;
  return {
    url: url.href,
    format: isOtlp ? 'otlp' : 'text',
    intervalMs,
    ...(authorization !== undefined && { authorization }),
    ...(pushCa !== null && { ca: readText(pushCa) }),
  };
}

/** Sends what /metrics shows to a receiver. */
export function pushPart({ plan, now, log, metrics }: PushOptions): Part<Pusher> {
  return {
    name: 'push',
    stopWithinMs: STOP_MS,
    start() {
      const { url, format, intervalMs, authorization, ca } = plan;
      const isOtlp = format === 'otlp';
      const pusher = startPusher({
        intervalMs,
        render: metrics.render,
        queue: snapshotQueue({ maxSnapshots: MAX_SNAPSHOTS, maxBytes: MAX_BYTES }),
        cut: isOtlp ? (text) => otlpBodies(text, { job: JOB, instance: hostname() }) : textBodies,
        send: receiver({
          url,
          type: isOtlp ? 'application/json' : 'text/plain; version=0.0.4; charset=utf-8',
          timeoutMs: TIMEOUT_MS,
          ...(authorization !== undefined && { authorization }),
          ...(ca !== undefined && { ca }),
        }),
        now,
        random: Math.random,
        log,
      });
      metrics.watchPush(pusher.counts, pusher.lastMs);
      metrics.watchLoop('push', pusher.state);
      return pusher;
    },
    stop: (pusher) => pusher.stop(),
  };
}
