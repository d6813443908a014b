import type { Database } from 'bun:sqlite';
import { JOB_STATES } from '../../../domain/job.ts';
import { NOT_REPORTED, type Run } from '../../../domain/run.ts';
import { JOB_COLUMNS, type JobRow } from './complete.ts';
import { detailFinder } from './details.ts';

/** Where a run is kept. */
export interface Place {
  /** The number that its samples carry. */
  readonly seq: number;
  /** In `job`, where the lists find it; the others are in `past_run`. */
  readonly isLatest: boolean;
  readonly run: Run;
}

/** Reads the latest run of a job, with its place; undefined when there is no such job. */
export function latestRunReader(db: Database): (id: string) => Place | undefined {
  const selectJob = db.query<JobRow, [string]>(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`);
  const selectNodes = nodeNames(db);
  const findDetail = detailFinder(db);
  return (id) => {
    const row = selectJob.get(id);
    if (!row) return undefined;
    const nodes = selectNodes(row.seq);
    const { details, provenance = NOT_REPORTED } = findDetail(row.seq) ?? {};
    const run: Run = {
      user: row.user,
      ...(nodes.length > 0 && { nodes }),
      state: JOB_STATES[row.state]!,
      ...(row.started === 1 && { startTimeMs: row.start_time }),
      ...(row.end_time !== null && { endTimeMs: row.end_time }),
      ...details,
      provenance,
    };
    return { seq: row.seq, isLatest: true, run };
  };
}

/** Returns a function that reads the names of a job's nodes, in their order. */
export function nodeNames(db: Database): (seq: number) => string[] {
  const select = db.query<{ name: string }, [number]>(
    'SELECT (SELECT name FROM node WHERE id = job_node.node) AS name FROM job_node WHERE job = ? ORDER BY position',
  );
  return (seq) => select.all(seq).map(({ name }) => name);
}
