import type { Database } from 'bun:sqlite';
import type { Job } from '../../../domain/job.ts';
import { type PastRun, shapeOf } from '../../../domain/sizing/past-run.ts';
import { MAX_PAST_RUNS } from '../../../domain/sizing/sizing.ts';
import { numberShape, readSizing, type SizingRow, sizingValues } from '../../rows/sizing.ts';

/** Keeps what ended runs say of the next ones, inside the transaction of the group. */
export function pastRunKeeper(db: Database) {
  const remove = db.query('DELETE FROM sizing_run WHERE run = ?');
  const insert = db.query(
    'INSERT OR REPLACE INTO sizing_run (run, shape, ran_out, seconds, memory, cpus, gpus) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const removeOld = db.query(
    `DELETE FROM sizing_run WHERE shape = ?1 AND run <=
       (SELECT run FROM sizing_run WHERE shape = ?1 ORDER BY run DESC LIMIT 1 OFFSET ${MAX_PAST_RUNS})`,
  );
  return {
    /** Keeps what a run says, in place of what it said before. */
    keep(run: number, job: Job, past: PastRun): void {
      const text = shapeOf(job);
      if (text === undefined) {
        remove.run(run);
        return;
      }
      const shape = numberShape(text);
      insert.run(run, shape, ...sizingValues(past));
      removeOld.run(shape);
    },

    forget: (run: number): void => void remove.run(run),
  };
}

/** Reads what runs like a job say of the next one, the latest first. */
export function pastRunReader(db: Database): (job: Job) => PastRun[] {
  const select = db.query<SizingRow, [number]>(
    'SELECT ran_out, seconds, memory, cpus, gpus FROM sizing_run WHERE shape = ? ORDER BY run DESC',
  );
  return (job) => {
    const shape = shapeOf(job);
    return shape === undefined ? [] : select.all(numberShape(shape)).map(readSizing);
  };
}
