import type { Database } from 'bun:sqlite';
import { defined } from '../../../domain/defined.ts';
import type { KnownRun } from '../../../domain/report-plan.ts';
import type { Run } from '../../../domain/run.ts';
import { NOT_REPORTED } from '../../../domain/trust.ts';
import type { JobRow } from '../../rows/complete-job.ts';
import { stateName } from '../../rows/states.ts';
import { JOB_COLUMNS } from './complete.ts';
import { detailFinder } from './details.ts';

/** A run in `job`, if it is the latest, or in `past_run`. */
export interface StoredRun extends KnownRun {
  /** The number that its samples carry; negative for a run that was never the latest and has none. */
  readonly seq: number;
}

/** Reads the latest run of a job; undefined if there is no such job. */
export function latestRunReader(db: Database): (id: string) => StoredRun | undefined {
  const selectJob = db.query<JobRow, [string]>(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`);
  const selectNodes = nodeNames(db);
  const findDetail = detailFinder(db);
  return (id) => {
    const row = selectJob.get(id);
    if (!row) return undefined;
    const nodes = selectNodes(row.seq);
    const { details, provenance = NOT_REPORTED } = findDetail(row.seq) ?? {};
    const run = defined<Run>({
      user: row.user,
      nodes: nodes.length > 0 ? nodes : undefined,
      state: stateName(row.state),
      startTimeMs: row.started === 1 ? row.start_time : undefined,
      endTimeMs: row.end_time ?? undefined,
      ...details,
      provenance,
    });
    return { seq: row.seq, isLatest: true, run };
  };
}

/** Reads the names of a job's nodes, in their order. */
export function nodeNames(db: Database): (seq: number) => string[] {
  const select = db.query<{ name: string }, [number]>(
    'SELECT (SELECT name FROM node WHERE id = job_node.node) AS name FROM job_node WHERE job = ? ORDER BY position',
  );
  return (seq) => select.all(seq).map(({ name }) => name);
}
