import type { Database } from 'bun:sqlite';
import type { JobRows } from '../jobs/row.ts';
import type { AsideKeeper } from './set-aside.ts';

/** Nodes of a job that are removed at once: about a millisecond, with what is counted of them at the end of the step. */
const NODES_AT_ONCE = 100;
/** Chunks, and rows of usage, that are deleted at once: half a millisecond. */
const ROWS_AT_ONCE = 20;

/** Removes jobs that ended too long ago, and what removed jobs leave behind, in small pieces inside the transaction of the group. */
export function jobExpirer(db: Database, rows: Pick<JobRows, 'remove' | 'takeNodes'>, aside: AsideKeeper) {
  const selectEnded = db.query<{ seq: number; id: string }, [number, number]>(
    'SELECT seq, id FROM job WHERE end_time < ? ORDER BY end_time LIMIT 1 OFFSET ?',
  );
  const selectLeftover = db.query<{ run: number }, []>('SELECT run FROM leftover_run ORDER BY run LIMIT 1');
  const deleteChunks = db.query<unknown, [number]>(
    `DELETE FROM chunk WHERE seq IN (SELECT seq FROM chunk WHERE job = ? LIMIT ${ROWS_AT_ONCE})`,
  );
  const deleteUsage = db.query<unknown, [number]>(
    `DELETE FROM usage WHERE id IN (SELECT id FROM usage WHERE job = ? LIMIT ${ROWS_AT_ONCE})`,
  );
  const deleteLeftover = db.query('DELETE FROM leftover_run WHERE run = ?');

  return {
    /**
     * Removes jobs that ended before `beforeMs`, oldest first, until `isOver`; whether there may be more. One of very
     * many nodes goes in pieces, and has fewer nodes from step to step.
     */
    expireJobs(beforeMs: number, isOver: () => boolean): { isAny: boolean; hasMore: boolean } {
      let skipped = 0;
      for (let isAny = false; ; isAny = true) {
        const job = selectEnded.get(beforeMs, skipped);
        if (!job) return { isAny, hasMore: false };
        const key = `job ${job.seq}`;
        const what = () => `Job ${JSON.stringify(job.id)} is too old to be kept and cannot be deleted`;
        aside.attempt(key, what, () => {
          if (!rows.takeNodes(job.seq, NODES_AT_ONCE)) rows.remove(job.seq);
        });
        if (aside.has(key)) skipped++;
        if (isOver()) return { isAny: true, hasMore: true };
      }
    },

    /** Deletes the samples of runs whose job has gone until `isOver`; whether there may be more. */
    clearLeftovers(isOver: () => boolean): boolean {
      for (let left = selectLeftover.get(); left; left = selectLeftover.get()) {
        const isSome = deleteChunks.run(left.run).changes > 0 || deleteUsage.run(left.run).changes > 0;
        if (!isSome) deleteLeftover.run(left.run);
        if (isOver()) return true;
      }
      return false;
    },
  };
}
