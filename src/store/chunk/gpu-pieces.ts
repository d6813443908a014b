import type { ReadingLabels } from '../../domain/readings.ts';
import type { FoundPieces, Piece } from './merge.ts';
import { gpusOf, projectGpus } from './project.ts';

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
      const readings = piece.open();
      for (const gpu of gpusOf(readings, codes)) labels.set(gpu, Number.NaN);
      const { count, times } = projectGpus(readings, codes, () => 0);
      if (count > 0) {
        split.push({
          startMs: times[0]!,
          endMs: times[count - 1]!,
          count,
          node,
          open: () => projectGpus(piece.open(), codes, (gpu) => labels.get(gpu)!),
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
