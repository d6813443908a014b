import { type NodeReadings, placeOf, type ReadingLabels, sliceReadings } from '../../domain/readings.ts';
import { arrivalOf, type FoundPieces, type Piece, type Range } from './piece.ts';
import { findGpuRows, projectGpus } from './project.ts';

/**
 * Returns pieces with one row for each GPU that has a value of some code, and a label for each GPU of each
 * node. Every piece is read once, because only its values show how many rows it has. Yields after each.
 */
export function* splitByGpu(
  { pieces, names: nodeNames }: FoundPieces,
  codes: readonly number[],
): Generator<undefined, FoundPieces> {
  const split: Piece[] = [];
  const names: ReadingLabels['names'][number][] = [];
  const gpus: string[] = [];
  for (const [node, ownPieces] of Map.groupBy(pieces, (piece) => piece.node)) {
    const labels = new Map<string, number>();
    for (const piece of ownPieces) {
      yield* arrivalOf(piece);
      const readings = piece.open();
      const { count, gpus: own, pairs } = findGpuRows(readings, codes);
      for (const gpu of own) labels.set(gpu, Number.NaN);
      if (count > 0) {
        split.push({
          startMs: readings.times[pairs[0]!]!,
          endMs: readings.times[pairs[2 * count - 2]!]!,
          count,
          node,
          ...(piece.isMissing && { isMissing: piece.isMissing }),
          open: (range) => projectGpus(cutRange(piece.open(), range), codes, (gpu) => labels.get(gpu)!),
        });
      }
      yield;
    }
    for (const gpu of [...labels.keys()].sort()) {
      labels.set(gpu, gpus.length);
      names.push(nodeNames[node]);
      gpus.push(gpu);
    }
  }
  return { pieces: split, names, gpus };
}

/** A block of the merge needs few rows of a piece: making all of them each time took twice as long. */
function cutRange(readings: NodeReadings, range: Range | undefined): NodeReadings {
  if (!range) return readings;
  const start = placeOf(readings.times, range.fromMs);
  return sliceReadings(readings, start, placeOf(readings.times, range.toMs + 1, start));
}
