import type { SentRow } from '../api/sample-batch.ts';
import { type Repeat, repeat } from '../repeat.ts';
import type { Trouble } from './reading.ts';
import type { Round } from './round.ts';
import { sampleOf } from './sample.ts';
import type { Spool, SpoolState } from './spool.ts';

/** Agents that read at the same moment do not all send in the same one. */
const LONGEST_DELAY_MS = 5000;

interface LoopOptions {
  readonly read: () => Promise<Round>;
  /** Writes samples as they are stored and sent. */
  readonly pack: (samples: readonly (SentRow & { readonly timeMs: number })[]) => Uint8Array;
  readonly spool: Pick<Spool, 'add' | 'state'>;
  /** Sends what is in the spool, some milliseconds from now. */
  readonly send: (delayMs: number) => void;
  readonly node: string;
  readonly intervalMs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
}

/**
 * Reads all jobs of a node at every multiple of the interval since 1970, so that the samples of a job's nodes
 * are of the same moments, and stores one batch each time.
 */
export function startLoop(options: LoopOptions): Pick<Repeat, 'stop' | 'state' | 'wake'> {
  const { read, spool, pack, send, node, intervalMs, nowMs, warn } = options;
  const delayMs = delayOf(node, intervalMs);
  const news = troubleNews(warn);
  let known = 0;

  function tellDropped({ dropped, bytes }: SpoolState): void {
    if (dropped > known)
      warn('batches_dropped', { dropped, bytes, message: 'The spool has no room for more.' });
    known = dropped;
  }

  return repeat({
    everyMs: intervalMs,
    async run() {
      const { readings, troubles } = await read();
      news.tell(troubles);
      const samples = readings.flatMap((reading) => {
        const sample = sampleOf(reading, node);
        return sample ? [{ ...sample, timeMs: reading.timeMs }] : [];
      });
      if (samples.length > 0) spool.add(pack(samples));
      tellDropped(spool.state());
      send(delayMs);
      return { restMs: intervalMs - (nowMs() % intervalMs) };
    },
    onError: (cause) => warn('round_failed', { cause }),
  });
}

/** Returns how long this node waits before it sends: always the same, and spread over all nodes. */
export const delayOf = (node: string, intervalMs: number): number =>
  Number(Bun.hash(node) % BigInt(Math.max(1, Math.min(LONGEST_DELAY_MS, Math.floor(intervalMs / 3)))));

/** Tells of each trouble once, until it is over. */
function troubleNews(warn: LoopOptions['warn']) {
  let known = new Set<string>();
  return {
    tell(troubles: readonly Trouble[]): void {
      for (const { collector, message } of troubles)
        if (!known.has(message)) warn('collector_incomplete', { collector, message });
      known = new Set(troubles.map(({ message }) => message));
    },
  };
}
