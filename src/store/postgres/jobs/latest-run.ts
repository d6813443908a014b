import { defined } from '../../../domain/defined.ts';
import type { KnownRun } from '../../../domain/report-plan.ts';
import type { Run } from '../../../domain/run.ts';
import { NOT_REPORTED } from '../../../domain/trust.ts';
import type { JobRow } from '../../rows/complete-job.ts';
import { stateName } from '../../rows/states.ts';
import type { Queries } from '../sql/queries.ts';
import { JOB_COLUMNS } from './complete.ts';
import { findDetail } from './details.ts';

/** A run in `job`, if it is the latest, or in `past_run`. */
export interface StoredRun extends KnownRun {
  /** The number that its samples carry; negative for a run that was never the latest and has none. */
  readonly seq: number;
}

/** Reads the latest run of a job; undefined if there is no such job. */
export async function readLatestRun(db: Queries, id: string): Promise<StoredRun | undefined> {
  const row = await db.get<JobRow>(`SELECT ${JOB_COLUMNS} FROM job WHERE id = $1`, [id]);
  if (!row) return undefined;
  const [nodes, detail] = await Promise.all([readNodeNames(db, row.seq), findDetail(db, row.seq)]);
  const { details, provenance = NOT_REPORTED } = detail ?? {};
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
}

/** Reads the names of a job's nodes, in their order. */
export async function readNodeNames(db: Queries, seq: number): Promise<string[]> {
  const rows = await db.all<{ name: string }>(
    'SELECT name FROM job_node JOIN node_name ON node_name.id = job_node.node WHERE job = $1::bigint ORDER BY position',
    [seq],
  );
  return rows.map(({ name }) => name);
}
