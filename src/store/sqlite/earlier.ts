import type { Database } from 'bun:sqlite';
import { findRunAt } from '../../domain/match.ts';
import { nameFinder } from './names.ts';
import { pastRunReader } from './pastruns.ts';
import { type Target, targetReader } from './targets.ts';

/**
 * Finds where samples belong that came when their run had been followed by another. That is rare, so nothing of it is
 * remembered but the targets that are being changed: of each there has to be one alone.
 */
export function earlierTargetFinder(db: Database) {
  const readPast = pastRunReader(db);
  const findNode = nameFinder(db, 'node');
  const readTarget = targetReader(db);
  const known = new Map<string, Target>();

  return {
    /** Undefined when no earlier run had started by then, or none that ran on the node. */
    find({ jobId, node }: { jobId: string; node?: string }, timeMs: number): Target | undefined {
      // A run that was never the latest, as an import brings them, has no number that samples could carry.
      const places = readPast(jobId).filter(({ seq }) => seq > 0);
      const run = findRunAt(
        places.map((place) => place.run),
        timeMs,
      );
      const name = node ?? run?.nodes?.[0];
      const nodeId = name !== undefined && run?.nodes?.includes(name) ? findNode(name) : undefined;
      if (nodeId === undefined) return undefined;
      const { seq } = places.find((place) => place.run === run)!;
      const key = `${seq} ${nodeId}`;
      const target = known.get(key) ?? readTarget(seq, nodeId);
      known.set(key, target);
      return target;
    },

    /** Nobody holds a target any more. */
    forget: () => known.clear(),
  };
}
