import type { Database } from 'bun:sqlite';
import { FIRST_ENDED } from '../../rows/states.ts';
import type { ColumnMarks } from '../jobs/row.ts';
import { blockBuilder } from './build.ts';
import { BLOCK_JOBS, blockOf, firstSeqOf } from './columns.ts';

/** Share of the jobs of a block that may still run when it is built: they make it be built again. */
const MAX_LIVE_SHARE = 1 / 8;
/** Blocks of new jobs that wait for their jobs to end; lists read these jobs one by one. */
const MAX_WAITING_BLOCKS = 3;
/** New jobs between two looks at whether a block can be built. */
const LOOK_JOBS = BLOCK_JOBS / 8;
/** Changed jobs in all blocks that lists read one by one. */
const MAX_DUE = BLOCK_JOBS;

/** The last job that is in a block, or would be, had it ended. */
export const COLUMNS_THROUGH = 'columns_through';

/**
 * Keeps the columns of ended jobs, inside the transaction of the group: jobs that change later are due, which
 * means that lists read their rows instead, until their block is built again.
 */
export function columnKeeper(db: Database) {
  const build = blockBuilder(db);
  const markDue = db.query('INSERT OR IGNORE INTO job_column_due VALUES (?)');
  const markEnded = db.query(
    `INSERT OR IGNORE INTO job_column_due
       SELECT job.seq FROM json_each(?) AS changed JOIN job ON job.seq = changed.value WHERE job.state >= ${FIRST_ENDED}`,
  );
  const unmark = db.query('DELETE FROM job_column_due WHERE seq BETWEEN ? AND ?');
  const selectCounter = db.query<{ value: number }, [string]>('SELECT value FROM counter WHERE name = ?');
  const saveCounter = db.query('UPDATE counter SET value = ?2 WHERE name = ?1');
  const selectLast = db.query<{ seq: number }, []>("SELECT seq FROM sqlite_sequence WHERE name = 'job'");
  const countLive = db.query<{ jobs: number }, [number, number]>(
    `SELECT count(*) AS jobs FROM job WHERE seq BETWEEN ? AND ? AND state < ${FIRST_ENDED}`,
  );
  const selectMostDue = db.query<{ block: number; jobs: number; all: number }, []>(
    `SELECT seq / ${BLOCK_JOBS} AS block, count(*) AS jobs, (SELECT count(*) FROM job_column_due) AS "all"
       FROM job_column_due GROUP BY block ORDER BY jobs DESC LIMIT 1`,
  );
  let through: number | undefined;
  /** The last job at the latest look. */
  let lookedSeq = Number.NEGATIVE_INFINITY;
  let marked = MAX_DUE;

  const readThrough = (): number => {
    through ??= selectCounter.get(COLUMNS_THROUGH)!.value;
    return through;
  };

  function rebuild(block: number): void {
    build(block);
    unmark.run(firstSeqOf(block), firstSeqOf(block + 1) - 1);
  }

  /** Builds the next block once its jobs are judged and most of them have ended. */
  function buildNext(): boolean {
    const before = readThrough();
    const last = selectLast.get()?.seq ?? 0;
    const block = blockOf(before + 1);
    const end = firstSeqOf(block + 1) - 1;
    // Judging writes findings, after which the block would be due again.
    if (last - lookedSeq < LOOK_JOBS || Math.min(last, selectCounter.get('tally_seen')!.value) < end)
      return false;
    const isWaiting = last - before < MAX_WAITING_BLOCKS * BLOCK_JOBS;
    if (isWaiting && countLive.get(before + 1, end)!.jobs > MAX_LIVE_SHARE * BLOCK_JOBS) {
      lookedSeq = last;
      return false;
    }
    rebuild(block);
    through = end;
    saveCounter.run(COLUMNS_THROUGH, end);
    return true;
  }

  /** Builds the block with most changed jobs again once there are many. */
  function buildDue(): boolean {
    if (marked < MAX_DUE / 8) return false;
    const most = selectMostDue.get();
    if (!most || most.all < MAX_DUE) {
      marked = 0;
      return false;
    }
    rebuild(most.block);
    return true;
  }

  const marks: ColumnMarks = {
    mark(seq) {
      if (seq > readThrough()) return;
      markDue.run(seq);
      marked++;
    },

    markMeasured(seqs) {
      const known = [...seqs].filter((seq) => seq <= readThrough());
      if (known.length === 0) return;
      marked += known.length;
      markEnded.run(JSON.stringify(known));
    },
  };

  return {
    ...marks,

    /** Builds one block if one can be built; returns whether there may be more to do. */
    step: (): boolean => buildNext() || buildDue(),

    /** Must be called after a rollback. */
    forget(): void {
      through = undefined;
      marked = MAX_DUE;
    },
  };
}

export type ColumnKeeper = ReturnType<typeof columnKeeper>;
