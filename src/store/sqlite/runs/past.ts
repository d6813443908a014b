import type { Database } from 'bun:sqlite';
import { jobNotFound, noSuchRun } from '../../../domain/errors.ts';
import { hasEnded, type Job } from '../../../domain/job.ts';
import { orderRuns } from '../../../domain/match.ts';
import { closeRun, type Run } from '../../../domain/run.ts';
import { combineUsage, type Usage } from '../../../domain/sample.ts';
import { describeDetail } from '../jobs/complete.ts';
import { latestRunReader, nodeNames, type Place } from '../jobs/latest-run.ts';
import { readRanks, writeRanks } from '../jobs/ranks.ts';
import { jobReader } from '../jobs/read.ts';

/** Reads all runs that are known of a job, with their places. */
export function knownRunReader(db: Database): (id: string) => Map<Run, Place> {
  const readLatest = latestRunReader(db);
  const readPast = pastRunReader(db);
  return (id) => {
    const latest = readLatest(id);
    return new Map((latest ? [latest, ...readPast(id)] : []).map((place) => [place.run, place]));
  };
}

/** Reads the earlier runs of a job, in no order. */
export function pastRunReader(db: Database): (id: string) => Place[] {
  const select = db.query<PastRow, [string]>('SELECT seq, run FROM past_run WHERE job = ?');
  return (id) => select.all(id).map(readPastRow);
}

export interface PastRow {
  readonly seq: number;
  readonly run: string;
}

export const readPastRow = ({ seq, run }: PastRow): Place => ({ seq, isLatest: false, run: parseRun(run) });

function parseRun(text: string): Run {
  const run = JSON.parse(text);
  return { ...run, provenance: { ...run.provenance, fields: readRanks(run.provenance.fields) } };
}

const formatRun = (run: Run): string =>
  JSON.stringify({
    ...run,
    provenance: { ...run.provenance, fields: writeRanks(run.provenance.fields) },
  });

/** A run by the number of its samples, with its nodes in their order. */
export interface FoundRun {
  readonly seq: number;
  readonly nodes: readonly string[];
}

/** Finds a run of a job by its number: 1 is the oldest, and the latest is meant when none is given. `not_found`. */
export function runFinder(db: Database): (id: string, number?: number) => FoundRun {
  const selectJob = db.query<{ seq: number }, [string]>('SELECT seq FROM job WHERE id = ?');
  const selectNodes = nodeNames(db);
  const readRuns = knownRunReader(db);
  return (id, number) => {
    const latest = selectJob.get(id);
    if (!latest) throw jobNotFound(id);
    if (number === undefined) return { seq: latest.seq, nodes: selectNodes(latest.seq) };
    const runs = inOrder(readRuns(id));
    const place = runs[number - 1];
    if (!place) throw noSuchRun(id, number, runs.length);
    return { seq: place.seq, nodes: place.run.nodes ?? [] };
  };
}

/** Reads all runs of a job as jobs, with the numbers that their samples carry; the oldest first. `not_found`. */
export function runLister(db: Database) {
  const jobs = jobReader(db);
  const readRuns = knownRunReader(db);
  const selectUsage = db.query<Usage, [number]>(
    `SELECT time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage
       FROM usage JOIN latest ON latest.usage = usage.id WHERE job = ?`,
  );
  return (id: string): { seq: number; job: Job }[] => {
    const latest = jobs.get(id);
    const places = inOrder(readRuns(id));
    return places.map(({ seq, run, isLatest }, index) => {
      if (isLatest) return { seq, job: latest };
      const next = places[index + 1]?.run;
      return { seq, job: jobOf(id, next ? closeRun(run, next) : run, selectUsage.all(seq)) };
    });
  };
}

const inOrder = (runs: ReadonlyMap<Run, Place>): Place[] => orderRuns([...runs.values()], ({ run }) => run);

function jobOf(id: string, run: Run, usage: readonly Usage[]): Job {
  const { user = '', nodes = [], state, startTimeMs, endTimeMs, provenance, ...details } = run;
  return {
    id,
    user,
    nodes,
    state,
    ...(startTimeMs !== undefined && { startTimeMs }),
    ...(endTimeMs !== undefined && { endTimeMs }),
    ...combineUsage(usage),
    ...describeDetail({ details, provenance }, hasEnded(state)),
  };
}

/** Writes earlier runs inside the transaction of the group. */
export function pastRunWriter(db: Database) {
  const replace = db.query('INSERT OR REPLACE INTO past_run (seq, job, run, told) VALUES (?, ?, ?, ?)');
  // Numbers of jobs count upwards from 1. A run that was never the latest has no samples, and a number of its own.
  const selectLowest = db.query<{ seq: number }, []>('SELECT coalesce(min(seq), 0) AS seq FROM past_run');
  const remove = db.query('DELETE FROM past_run WHERE seq = ?');
  return {
    /** `toldMs` is when the report came from that changed it, or what follows it. */
    save(seq: number | undefined, id: string, run: Run, toldMs: number): void {
      replace.run(seq ?? Math.min(0, selectLowest.get()!.seq) - 1, id, formatRun(run), toldMs);
    },
    delete: (seq: number): void => void remove.run(seq),
  };
}
