import type { Database } from 'bun:sqlite';
import { defined } from '../../../domain/defined.ts';
import type { Job } from '../../../domain/job.ts';
import { LIMITS, type PastRun, shapeOf } from '../../../domain/sizing/past-run.ts';
import { MAX_PAST_RUNS } from '../../../domain/sizing/sizing.ts';

const NOTHING = 0;

/** Returns the number of a shape: 52 bits that nobody can find a second text for. */
function numberShape(shape: string): number {
  const hash = new Bun.CryptoHasher('sha256').update(shape).digest();
  return hash.readUIntBE(0, 6) * 16 + (hash[6]! >> 4);
}

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
      const { ranOutOf, seconds, memoryMb, cpus, gpus } = past;
      const ranOut = ranOutOf === undefined ? NOTHING : LIMITS.indexOf(ranOutOf) + 1;
      insert.run(
        ...[run, shape, ranOut, seconds === undefined ? null : Math.ceil(seconds)],
        ...[memoryMb ?? null, cpus ?? null, gpus ?? null],
      );
      removeOld.run(shape);
    },

    forget: (run: number): void => void remove.run(run),
  };
}

interface Row {
  readonly ran_out: number;
  readonly seconds: number | null;
  readonly memory: number | null;
  readonly cpus: number | null;
  readonly gpus: number | null;
}

/** Reads what runs like a job say of the next one, the latest first. */
export function pastRunReader(db: Database): (job: Job) => PastRun[] {
  const select = db.query<Row, [number]>(
    'SELECT ran_out, seconds, memory, cpus, gpus FROM sizing_run WHERE shape = ? ORDER BY run DESC',
  );
  return (job) => {
    const shape = shapeOf(job);
    return shape === undefined ? [] : select.all(numberShape(shape)).map(readRow);
  };
}

const readRow = ({ ran_out, seconds, memory, cpus, gpus }: Row): PastRun =>
  defined<PastRun>({
    ranOutOf: ran_out === NOTHING ? undefined : LIMITS[ran_out - 1],
    seconds: seconds ?? undefined,
    memoryMb: memory ?? undefined,
    cpus: cpus ?? undefined,
    gpus: gpus ?? undefined,
  });
