import type { Database } from 'bun:sqlite';
import type { JobRows } from '../jobs/row.ts';
import type { SetAside } from './set-aside.ts';

/**
 * Nodes of a job deleted at once: about a millisecond, including the counts updated at the end of the step.
 */
const NODES_AT_ONCE = 100;
/** Chunks, and rows of `usage`, deleted at once: half a millisecond. */
const ROWS_AT_ONCE = 20;

/**
 * Deletes jobs that ended too long ago, and the samples of deleted jobs, in small pieces inside the
 * transaction of the group.
 */
export function jobExpirer(db: Database, rows: Pick<JobRows, 'remove' | 'takeNodes'>, aside: SetAside) {
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
     * Deletes jobs that ended before `beforeMs`, oldest first, until `isOver`; returns whether any was
     * deleted, and whether there may be more. A job with very many nodes loses them in several steps.
     */
    expireJobs(beforeMs: number, isOver: () => boolean): { isAny: boolean; hasMore: boolean } {
      let skipped = 0;
      for (let isAny = false; ; isAny = true) {
        const job = selectEnded.get(beforeMs, skipped);
        if (!job) return { isAny, hasMore: false };
        const key = `job ${job.seq}`;
        const what = () => `Job ${JSON.stringify(job.id)} is past its retention and could not be deleted`;
        aside.attempt(key, what, () => {
          if (!rows.takeNodes(job.seq, NODES_AT_ONCE)) rows.remove(job.seq);
        });
        if (aside.has(key)) skipped++;
        if (isOver()) return { isAny: true, hasMore: true };
      }
    },

    /** Deletes the samples of runs whose job is deleted until `isOver`; returns whether there may be more. */
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
