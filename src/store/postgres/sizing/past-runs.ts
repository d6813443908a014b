import type { Job } from '../../../domain/job.ts';
import { type PastRun, shapeOf } from '../../../domain/sizing/past-run.ts';
import { MAX_PAST_RUNS } from '../../../domain/sizing/sizing.ts';
import { numberShape, readSizing, type SizingRow, sizingValues } from '../../rows/sizing.ts';
import type { Queries, Writing } from '../sql/queries.ts';

/** Forgets what a run said of the next ones. */
export const forgetPastRun = (db: Writing, run: number): void =>
  db.send('DELETE FROM sizing_run WHERE run = $1::bigint', [run]);

/**
 * Keeps what a run says of the next ones, in place of what it said before, inside the transaction of the
 * group.
 */
export function keepPastRun(db: Writing, run: number, job: Job, past: PastRun): void {
  const text = shapeOf(job);
  if (text === undefined) {
    forgetPastRun(db, run);
    return;
  }
  const shape = numberShape(text);
  db.send(
    `INSERT INTO sizing_run (run, shape, ran_out, seconds, memory, cpus, gpus) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (run) DO UPDATE SET shape = excluded.shape, ran_out = excluded.ran_out, seconds = excluded.seconds,
         memory = excluded.memory, cpus = excluded.cpus, gpus = excluded.gpus`,
    [run, shape, ...sizingValues(past)],
  );
  db.send(
    `DELETE FROM sizing_run WHERE shape = $1::bigint AND run <=
       (SELECT run FROM sizing_run WHERE shape = $1::bigint ORDER BY run DESC LIMIT 1 OFFSET ${MAX_PAST_RUNS})`,
    [shape],
  );
}

/** Reads what runs like a job say of the next one, the latest first. */
export async function readPastRuns(db: Queries, job: Job): Promise<PastRun[]> {
  const shape = shapeOf(job);
  if (shape === undefined) return [];
  const rows = await db.all<SizingRow>(
    'SELECT ran_out, seconds, memory, cpus, gpus FROM sizing_run WHERE shape = $1::bigint ORDER BY run DESC',
    [numberShape(shape)],
  );
  return rows.map(readSizing);
}
