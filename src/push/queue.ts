import { coalesce, type Snapshot } from './snapshot.ts';

/** Samples that were not sent as they were taken. */
export interface Losses {
  /** A newer sample of the same series took their place. */
  coalesced: number;
  /** There was no room. */
  dropped: number;
}

interface QueueOptions {
  readonly maxSnapshots: number;
  readonly maxBytes: number;
}

/**
 * Snapshots that wait to be sent, the oldest first, in bounded memory. Beyond the bound, the two oldest
 * become one, so that recent times are sent whole, and of older ones the last value of each series. Only when
 * that one takes half of the memory is it dropped.
 */
export function snapshotQueue({ maxSnapshots, maxBytes }: QueueOptions) {
  const waiting: Snapshot[] = [];
  const losses: Losses = { coalesced: 0, dropped: 0 };
  let settling = Promise.resolve();

  const bytes = () => waiting.reduce((sum, { packed }) => sum + packed.byteLength, 0);
  const isOver = () => waiting.length > maxSnapshots || bytes() > maxBytes;

  async function settle(): Promise<void> {
    while (isOver()) {
      const [older, newer] = waiting.splice(0, 2);
      if (newer === undefined || older!.packed.byteLength > maxBytes / 2) {
        if (newer) waiting.unshift(newer);
        losses.dropped += older!.samples;
        continue;
      }
      const both = await coalesce(older!, newer);
      losses.coalesced += older!.samples + newer.samples - both.samples;
      waiting.unshift(both);
    }
  }

  /** One change at a time: a snapshot that is being merged is not taken. */
  const inTurn = <Value>(change: () => Value): Promise<Value> => {
    const done = settling.then(change);
    settling = done.then(settle);
    return settling.then(() => done);
  };

  return {
    /** Adds a snapshot at the end; resolves when the queue is within its bounds. */
    add: (snapshot: Snapshot) => inTurn(() => void waiting.push(snapshot)),
    /** Takes the oldest one out. */
    take: () => inTurn(() => waiting.shift()),
    /** Puts one that could not be sent back to the front. */
    putBack: (snapshot: Snapshot) => inTurn(() => void waiting.unshift(snapshot)),
    state: () => ({ snapshots: waiting.length, oldestMs: waiting[0]?.timeMs, ...losses }),
  };
}

export type SnapshotQueue = ReturnType<typeof snapshotQueue>;
