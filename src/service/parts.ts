import type { Log } from '../log.ts';

/** One part of the service. */
export interface Part<Value> {
  readonly name: string;
  start(): Value | Promise<Value>;
  stop(value: Value): unknown;
  /** The next part is stopped after this, even if `stop` has not resolved. */
  readonly stopWithinMs: number;
}

export interface Parts {
  /**
   * Starts a part and returns its value. If it fails, stops the parts that run and rejects with its error.
   */
  start<Value>(part: Part<Value>): Promise<Value>;
  /** Stops all parts, the last one first. Never rejects: a part that fails or takes too long is logged. */
  stop(): Promise<void>;
}

/** Starts parts in the order of the calls of `start`, and stops them in reverse. */
export function partsOf(log: Pick<Log, 'debug' | 'warn' | 'error'>): Parts {
  const running: { name: string; stop: () => unknown; stopWithinMs: number }[] = [];

  async function stop(): Promise<void> {
    for (let part = running.pop(); part; part = running.pop()) await stopPart(part);
  }

  async function stopPart({ name, stop, stopWithinMs }: (typeof running)[number]): Promise<void> {
    const startedMs = performance.now();
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), stopWithinMs);
    try {
      const outcome = await Promise.race([(async () => stop())(), late.promise]);
      const ms = Math.round(performance.now() - startedMs);
      if (outcome === 'late') log.warn('part_stop_timed_out', { part: name, ms });
      else log.debug('part_stopped', { part: name, ms });
    } catch (cause) {
      log.error('part_stop_failed', { part: name, cause });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async start({ name, start, stop: stopValue, stopWithinMs }) {
      const startedMs = performance.now();
      try {
        const value = await start();
        running.push({ name, stop: () => stopValue(value), stopWithinMs });
        log.debug('part_started', { part: name, ms: Math.round(performance.now() - startedMs) });
        return value;
      } catch (error) {
        await stop();
        throw error;
      }
    },
    stop,
  };
}
