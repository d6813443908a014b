import type { Database } from 'bun:sqlite';
import { type PastRow, readPastRow } from '../runs/past.ts';
import { nameFinder } from '../sql/names.ts';
import { type Target, targetReader } from './series-cache.ts';

/** When an earlier run started, and the number that its samples carry. */
interface Start {
  readonly seq: number;
  readonly startMs: number;
}

/** The nodes of a run, and which of them is its first. */
interface Nodes {
  readonly first: string | undefined;
  readonly all: ReadonlySet<string>;
}

/**
 * Finds where samples belong that came when their run had been followed by another. The starts of the runs of a job, and the
 * nodes of those that are asked for, are read once for all samples that are written together: a batch may bring thousands
 * of one job, and a job have thousands of runs. Of each target that is being changed there has to be one alone.
 */
export function earlierTargetFinder(db: Database) {
  // A run that was never the latest, as an import brings them, has no number that samples could carry.
  const selectStarts = db.query<Start, [string]>(
    `SELECT seq, start AS startMs FROM past_run INDEXED BY past_run_by_start
      WHERE job = ? AND start IS NOT NULL AND seq > 0 ORDER BY start`,
  );
  const selectRun = db.query<PastRow, [number]>('SELECT seq, run FROM past_run WHERE seq = ?');
  const findNode = nameFinder(db, 'node');
  const readTarget = targetReader(db);
  const starts = new Map<string, readonly Start[]>();
  const nodesOfRuns = new Map<number, Nodes>();
  const targets = new Map<string, Target>();
  const nodeIds = new Map<string, number | undefined>();

  function startsOf(jobId: string): readonly Start[] {
    const found = starts.get(jobId) ?? selectStarts.all(jobId);
    starts.set(jobId, found);
    return found;
  }

  function nodesOf(seq: number): Nodes {
    const known = nodesOfRuns.get(seq);
    if (known) return known;
    const row = selectRun.get(seq);
    const nodes = row ? (readPastRow(row).run.nodes ?? []) : [];
    const found = { first: nodes[0], all: new Set(nodes) };
    nodesOfRuns.set(seq, found);
    return found;
  }

  function numberOf(name: string): number | undefined {
    if (!nodeIds.has(name)) nodeIds.set(name, findNode(name));
    return nodeIds.get(name);
  }

  function findOn(seq: number, node: string | undefined): Target | undefined {
    const { first, all } = nodesOf(seq);
    const name = node ?? first;
    const nodeId = name !== undefined && all.has(name) ? numberOf(name) : undefined;
    if (nodeId === undefined) return undefined;
    const key = `${seq} ${nodeId}`;
    const target = targets.get(key) ?? readTarget(seq, nodeId);
    targets.set(key, target);
    return target;
  }

  return {
    /** On the last run that had started by then. Undefined when no earlier run had, or it did not run on the node. */
    find({ jobId, node }: { jobId: string; node?: string }, timeMs: number): Target | undefined {
      const run = startsOf(jobId).findLast(({ startMs }) => startMs <= timeMs);
      return run && findOn(run.seq, node);
    },

    /** On an earlier run by its number. Undefined when it did not run on the node. */
    findRun: ({ node }: { node?: string }, seq: number): Target | undefined => findOn(seq, node),

    /** Nobody holds a target any more, and what is known of runs may change. */
    forget(): void {
      starts.clear();
      nodesOfRuns.clear();
      targets.clear();
      nodeIds.clear();
    },
  };
}
