import type { Database } from 'bun:sqlite';
import { findRunAt, orderRuns } from '../../domain/match.ts';
import type { Run } from '../../domain/run.ts';
import { nameFinder } from './names.ts';
import { pastRunReader } from './pastruns.ts';
import { type Target, targetReader } from './targets.ts';

/** The earlier runs of a job that samples may belong to. */
interface PastRuns {
  /** In their order. */
  readonly runs: readonly Run[];
  readonly places: ReadonlyMap<Run, RunPlace>;
}

/** The number that the samples of a run carry, and its nodes. */
interface RunPlace {
  readonly seq: number;
  readonly nodes: ReadonlySet<string>;
}

/**
 * Finds where samples belong that came when their run had been followed by another. The runs of a job are read once for all
 * samples that are written together: a batch may bring thousands of one job, and its runs thousands of nodes. Of each target
 * that is being changed there has to be one alone.
 */
export function earlierTargetFinder(db: Database) {
  const readPast = pastRunReader(db);
  const findNode = nameFinder(db, 'node');
  const readTarget = targetReader(db);
  const jobs = new Map<string, PastRuns>();
  const targets = new Map<string, Target>();
  const nodeIds = new Map<string, number | undefined>();

  function runsOf(jobId: string): PastRuns {
    const known = jobs.get(jobId);
    if (known) return known;
    // A run that was never the latest, as an import brings them, has no number that samples could carry.
    const past = readPast(jobId).filter(({ seq }) => seq > 0);
    const found = {
      runs: orderRuns(past, ({ run }) => run).map(({ run }) => run),
      places: new Map(past.map(({ seq, run }) => [run, { seq, nodes: new Set(run.nodes) }])),
    };
    jobs.set(jobId, found);
    return found;
  }

  function numberOf(name: string): number | undefined {
    if (!nodeIds.has(name)) nodeIds.set(name, findNode(name));
    return nodeIds.get(name);
  }

  function findOn(run: Run, { seq, nodes }: RunPlace, node: string | undefined): Target | undefined {
    const name = node ?? run.nodes?.[0];
    const nodeId = name !== undefined && nodes.has(name) ? numberOf(name) : undefined;
    if (nodeId === undefined) return undefined;
    const key = `${seq} ${nodeId}`;
    const target = targets.get(key) ?? readTarget(seq, nodeId);
    targets.set(key, target);
    return target;
  }

  return {
    /** Undefined when no earlier run had started by then, or none that ran on the node. */
    find({ jobId, node }: { jobId: string; node?: string }, timeMs: number): Target | undefined {
      const { runs, places } = runsOf(jobId);
      const run = findRunAt(runs, timeMs);
      return run && findOn(run, places.get(run)!, node);
    },

    /** Undefined when the job has no such earlier run, or it did not run on the node. */
    findRun({ jobId, node }: { jobId: string; node?: string }, seq: number): Target | undefined {
      for (const [run, place] of runsOf(jobId).places) if (place.seq === seq) return findOn(run, place, node);
      return undefined;
    },

    /** Nobody holds a target any more, and what is known of runs may change. */
    forget(): void {
      jobs.clear();
      targets.clear();
      nodeIds.clear();
    },
  };
}
