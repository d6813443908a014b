import { type Repeat, repeat } from '../repeat.ts';
import type { Round } from './round.ts';

/** Agents that read at the same moment do not all send in the same one. */
const LONGEST_DELAY_MS = 5000;

interface LoopOptions {
  readonly read: () => Promise<Round>;
  /** Stores and sends what was read. */
  readonly take: (round: Round) => void;
  readonly intervalMs: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
}

/**
 * Reads all jobs of a node at every multiple of the interval since 1970, so that the samples of a job's nodes
 * are of the same moments.
 */
export const startLoop = ({ read, take, intervalMs, nowMs, warn }: LoopOptions): Repeat =>
  repeat({
    everyMs: intervalMs,
    async run() {
      take(await read());
      return { restMs: intervalMs - (nowMs() % intervalMs) };
    },
    onError: (cause) => warn('round_failed', { cause }),
  });

/** Returns how long this node waits before it sends: always the same, and spread over all nodes. */
export const delayOf = (node: string, intervalMs: number): number =>
  Number(Bun.hash(node) % BigInt(Math.max(1, Math.min(LONGEST_DELAY_MS, Math.floor(intervalMs / 3)))));
