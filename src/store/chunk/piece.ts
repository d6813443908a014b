import type { NodeReadings, ReadingLabels } from '../../domain/readings.ts';
import type { SpanSums } from '../../domain/spans.ts';

/**
 * Readings of one node, ascending in time. Their columns are read when the merge reaches them, possibly more
 * than once.
 */
export interface Piece {
  /** The times of its first and last reading. */
  readonly startMs: number;
  readonly endMs: number;
  readonly count: number;
  /** Index of the node in the names of the job; not used if the readings have `labels`. */
  readonly node: number;
  /**
   * Whether what `open` and `times` read, or `quarters`, is still to be fetched, which it asks for; absent if
   * everything is at hand. Readers call `arrivalOf` before them.
   */
  isMissing?(part: 'readings' | 'quarters'): boolean;
  /** Rows outside `range` may be left out. */
  open(range?: Range): NodeReadings;
  /** Returns the times of its samples; absent where that is no cheaper than to open it. */
  times?(): Float64Array;
  /**
   * Returns the sums of each 15 minutes of the documented values; undefined if none are stored for exactly
   * these readings.
   */
  quarters?(): SpanSums | undefined;
}

/** Times of readings that are needed; both ends are inclusive. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Yields until a part of a piece has been fetched; the caller of the steps fetches it in between. */
export function* arrivalOf(
  piece: Piece,
  part: 'readings' | 'quarters' = 'readings',
): Generator<undefined, void> {
  while (piece.isMissing?.(part)) yield;
}

export interface FoundPieces extends ReadingLabels {
  /** Sorted by node in the order of the job, then by time and arrival. */
  readonly pieces: readonly Piece[];
}
