import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound, noSuchRun } from '../../../domain/errors.ts';
import type { Job } from '../../../domain/job.ts';
import { orderRuns } from '../../../domain/match.ts';
import { closeRun, type Run } from '../../../domain/run.ts';
import type { Usage } from '../../../domain/sample.ts';
import { isSeen } from '../../../domain/sight.ts';
import { type FoundRun, formatRun, jobOfRun, parseRun } from '../../rows/past-run.ts';
import { laterSluidWriter } from '../jobs/later-sluids.ts';
import { latestRunReader, nodeNames, type StoredRun } from '../jobs/latest-run.ts';
import { ownerReader } from '../jobs/owners.ts';
import { jobReader } from '../jobs/read.ts';

/** Reads all runs of a job, the oldest first. */
function allRunReader(db: Database): (id: string) => StoredRun[] {
  const readLatest = latestRunReader(db);
  const selectPast = db.query<PastRow, [string]>('SELECT seq, run FROM past_run WHERE job = ?');
  return (id) => {
    const latest = readLatest(id);
    return latest ? orderRuns([latest, ...selectPast.all(id).map(readPastRow)], ({ run }) => run) : [];
  };
}

export interface PastRow {
  readonly seq: number;
  readonly run: string;
}

export const readPastRow = ({ seq, run }: PastRow): StoredRun => ({
  seq,
  isLatest: false,
  run: parseRun(run),
});

/**
 * Finds a run of a job by its number, from 1, the oldest; the latest if omitted. Throws `not_found`, also if
 * the run is not to be seen.
 */
export function runFinder(db: Database): (id: string, number: number | undefined, sight: Sight) => FoundRun {
  const selectJob = db.query<{ seq: number }, [string]>('SELECT seq FROM job WHERE id = ?');
  const selectNodes = nodeNames(db);
  const readRuns = allRunReader(db);
  const owners = ownerReader(db);
  return (id, number, sight) => {
    if (number === undefined) owners.requireLatest(id, sight);
    else owners.requireRuns(id, sight);
    const latest = selectJob.get(id);
    if (!latest) throw jobNotFound(id);
    if (number === undefined) return { seq: latest.seq, nodes: selectNodes(latest.seq) };
    const runs = readRuns(id);
    const found = runs[number - 1];
    if (!found || !isSeen(sight, found.run)) {
      const isAllSeen = runs.every(({ run }) => isSeen(sight, run));
      throw noSuchRun(id, number, isAllSeen ? runs.length : undefined);
    }
    return { seq: found.seq, nodes: found.run.nodes ?? [] };
  };
}

/** Returns the number of the latest run of a job; undefined for one that is unknown or not to be seen. */
export function latestRunFinder(db: Database): (id: string, sight: Sight) => number | undefined {
  const selectJob = db.query<{ seq: number }, [string]>('SELECT seq FROM job WHERE id = ?');
  const owners = ownerReader(db);
  return (id, sight) => {
    if (sight !== 'all') {
      const owner = owners.latest(id);
      if (!owner || !isSeen(sight, owner)) return undefined;
    }
    return selectJob.get(id)?.seq;
  };
}

interface ListedRun {
  /** Counts from 1, the oldest run, those that are not to be seen included. */
  readonly number: number;
  /** The number that its samples carry. */
  readonly seq: number;
  readonly job: Job;
}

/** Reads all runs of a job that are to be seen as jobs, the oldest first. Throws `not_found`. */
export function runLister(db: Database) {
  const jobs = jobReader(db);
  const owners = ownerReader(db);
  const readRuns = allRunReader(db);
  const selectUsage = db.query<Usage, [number]>(
    `SELECT time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage
       FROM usage JOIN latest ON latest.usage = usage.id WHERE job = ?`,
  );
  return (id: string, sight: Sight): ListedRun[] => {
    owners.requireRuns(id, sight);
    const runs = readRuns(id);
    if (runs.length === 0) throw jobNotFound(id);
    return runs.flatMap(({ seq, run, isLatest }, index) => {
      if (!isSeen(sight, run)) return [];
      const number = index + 1;
      if (isLatest) return [{ number, seq, job: jobs.get(id) }];
      const next = runs[index + 1]?.run;
      return [{ number, seq, job: jobOfRun(id, next ? closeRun(run, next) : run, selectUsage.all(seq)) }];
    });
  };
}

/** Writes earlier runs, inside the transaction of the group. */
export function pastRunWriter(db: Database) {
  const replace = db.query('INSERT OR REPLACE INTO past_run (seq, job, run, told) VALUES (?, ?, ?, ?)');
  // Numbers of jobs count upwards from 1. Runs that were never the latest count downwards, because they have
  // no samples.
  const selectLowest = db.query<{ seq: number }, []>('SELECT coalesce(min(seq), 0) AS seq FROM past_run');
  const remove = db.query('DELETE FROM past_run WHERE seq = ?');
  const saveLaterSluids = laterSluidWriter(db);
  return {
    /**
     * Saves a run under its number, or under a new one, and returns the number; `reportedMs` is the time of
     * the report that changed it.
     */
    save(known: number | undefined, id: string, run: Run, reportedMs: number): number {
      const seq = known ?? Math.min(0, selectLowest.get()!.seq) - 1;
      replace.run(seq, id, formatRun(run), reportedMs);
      saveLaterSluids(seq, run.otherSluids);
      return seq;
    },
    delete: (seq: number): void => void remove.run(seq),
  };
}
