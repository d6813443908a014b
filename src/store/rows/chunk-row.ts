import type { NodeReadings } from '../../domain/readings.ts';
import type { Piece } from '../chunk/piece.ts';
import type { WantedMeasures } from '../chunk/wanted.ts';

/** A row of `chunk` without its data. */
export interface ChunkRow {
  readonly seq: number;
  readonly node: number;
  readonly tier: number;
  readonly start_time: number;
  readonly end_time: number;
  readonly samples: number;
}

/**
 * Groups chunks of points whose times overlap, in the order in which they begin: runs that became one may
 * have points of one quarter of an hour. Every other chunk is a group of its own.
 */
export function groupPoints(chunks: readonly ChunkRow[]): ChunkRow[][] {
  const groups: ChunkRow[][] = [];
  let points: ChunkRow[] = [];
  let endMs = -Infinity;
  for (const row of chunks) {
    const isJoined = row.tier === 1 && row.start_time <= endMs;
    if (isJoined) points.push(row);
    else groups.push([row]);
    if (row.tier !== 1) continue;
    if (!isJoined) points = groups.at(-1)!;
    endMs = Math.max(endMs, row.end_time);
  }
  return groups;
}

/** What is read of chunks: samples of a range of time. */
export interface Cut {
  readonly fromMs: number;
  readonly toMs: number;
  readonly wanted: WantedMeasures | undefined;
}

/** Returns the piece of samples that are not sealed. */
export const unsealedPiece = (node: number, samples: NodeReadings): Piece => ({
  startMs: samples.times[0]!,
  endMs: samples.times[samples.count - 1]!,
  count: samples.count,
  node,
  open: () => samples,
});
