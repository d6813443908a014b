import { repeat } from '../repeat.ts';
import type { SnapshotQueue } from './queue.ts';
import { type Body, NotTaken, type Taken } from './receiver.ts';
import { takeSnapshot, unpack } from './snapshot.ts';

/** Looks again even if nobody woke it. */
const EVERY_MS = 60_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** A receiver that asks for more is asked again. */
const LONGEST_RETRY_AFTER_MS = 300_000;
/** What is sent at a stop has this long. */
const LAST_SEND_MS = 2000;

/** The group of jobs always has this line. */
const OF_JOBS = '\nhpc_job_total ';

interface PusherOptions {
  readonly intervalMs: number;
  /** Renders what /metrics shows. */
  readonly render: () => Promise<Uint8Array>;
  readonly queue: SnapshotQueue;
  /** Cuts the text of a snapshot into requests. */
  readonly cut: (text: Uint8Array) => AsyncGenerator<Body>;
  readonly send: (body: Body, signal: AbortSignal) => Promise<Taken>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0 to 1, as Math.random. */
  readonly random: () => number;
  readonly log: {
    info(event: string, fields: Record<string, unknown>): void;
    warn(event: string, fields: Record<string, unknown>): void;
  };
}

/** Counts since the start. */
export interface PushCounts {
  requests: number;
  failures: number;
  sentSamples: number;
  refusedSamples: number;
  lastSuccessMs: number | undefined;
}

/**
 * Takes a snapshot in each interval and sends what waits, the oldest first. After a failure it waits, twice
 * as long each time up to a minute; that is logged once, and again when it works.
 */
export function startPusher(options: PusherOptions) {
  const { intervalMs, render, queue, cut, send, now, random, log } = options;
  const counts: PushCounts = {
    requests: 0,
    failures: 0,
    sentSamples: 0,
    refusedSamples: 0,
    lastSuccessMs: undefined,
  };
  let waitMs = FIRST_WAIT_MS;
  let isFailing = false;
  let isRefused = false;
  let lastMs = now();

  async function take(): Promise<void> {
    const timeMs = now();
    const text = await render();
    await queue.add(await takeSnapshot(text, timeMs));
    // Without jobs, because their group failed, the next one must have those that ended since the last with.
    if (Buffer.from(text.buffer, text.byteOffset, text.byteLength).includes(OF_JOBS)) lastMs = timeMs;
    sends.wake();
  }

  async function sendBody(body: Body, signal: AbortSignal): Promise<void> {
    counts.requests++;
    const { refused, reason } = await send(body, signal);
    counts.sentSamples += body.samples - refused;
    counts.refusedSamples += refused;
    counts.lastSuccessMs = now();
    if (refused > 0 && !isRefused) log.warn('push_refused', { samples: refused, message: reason });
    isRefused = refused > 0;
  }

  /** Sends all that waits; rejects with what could not be sent back in the queue. */
  async function sendWaiting(signal: AbortSignal): Promise<void> {
    for (let snapshot = await queue.take(); snapshot; snapshot = await queue.take()) {
      try {
        for await (const body of cut(await unpack(snapshot))) await sendBody(body, signal);
      } catch (error) {
        await queue.putBack(snapshot);
        throw error;
      }
      if (isFailing) log.info('push_works_again', { waiting: queue.state().snapshots });
      isFailing = false;
      waitMs = FIRST_WAIT_MS;
    }
  }

  const sends = repeat({
    everyMs: EVERY_MS,
    async run(signal) {
      try {
        await sendWaiting(signal);
        return undefined;
      } catch (cause) {
        if (signal.aborted) return undefined;
        counts.failures++;
        const asked = cause instanceof NotTaken ? Math.min(cause.retryAfterMs, LONGEST_RETRY_AFTER_MS) : 0;
        const restMs = Math.max(asked, waitMs * (0.5 + random() / 2));
        waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
        if (!isFailing) log.warn('push_failed', { cause, message: 'Snapshots wait until it works again.' });
        isFailing = true;
        return { restMs, leastRestMs: restMs };
      }
    },
    onError: (cause) => log.warn('push_failed', { cause }),
  });
  const snapshots = repeat({
    everyMs: intervalMs,
    firstMs: intervalMs * random(),
    async run() {
      await take();
      return undefined;
    },
    onError: (cause) => log.warn('push_snapshot_failed', { cause }),
  });

  return {
    state: snapshots.state,
    /** When the last snapshot was taken, or the first one begun: the next must have all that ended since. */
    lastMs: () => lastMs,
    counts: () => ({ ...counts, ...queue.state() }),
    /** Takes the last snapshot and tries once to send all. */
    async stop(): Promise<void> {
      await snapshots.stop();
      await sends.stop();
      try {
        await take();
        await sendWaiting(AbortSignal.timeout(LAST_SEND_MS));
      } catch (cause) {
        log.warn('push_not_finished', { cause, snapshots: queue.state().snapshots });
      }
    },
  };
}

export type Pusher = ReturnType<typeof startPusher>;
