import type { JobRows } from '../jobs/row.ts';
import type { UnsealedCount } from '../samples/unsealed-count.ts';
import type { Writing } from '../sql/queries.ts';
import type { SetAside } from './set-aside.ts';

/** Chunks, and series, deleted at once. */
const ROWS_AT_ONCE = 200;
/** Deleted runs looked at together. */
const RUNS_AT_ONCE = 1000;

/**
 * Deletes jobs that ended too long ago, and the samples of deleted jobs, in small pieces inside the
 * transaction of the group.
 */
export function jobExpirer(
  db: Writing,
  rows: Pick<JobRows, 'remove'>,
  unsealed: UnsealedCount,
  aside: SetAside,
) {
  /** Deletes some series of a run with their samples that are not sealed; returns how many rows. */
  async function deleteSeries(run: number): Promise<number> {
    const gone = await db.all<{ id: number }>(
      `DELETE FROM usage WHERE id IN (SELECT id FROM usage WHERE job = $1::bigint LIMIT ${ROWS_AT_ONCE}) RETURNING id`,
      [run],
    );
    const ids = [gone.map(({ id }) => id)];
    if (gone.length === 0) return 0;
    for (const table of ['latest', 'latest_measures', 'sealed_total', 'sealed_measures'])
      db.send(`DELETE FROM ${table} WHERE usage = ANY($1::integer[])`, ids);
    const deleted = await db.change('DELETE FROM log WHERE usage = ANY($1::integer[])', ids);
    unsealed.add(-deleted);
    return gone.length + deleted;
  }

  /** Forgets runs that have nothing left: most jobs had no samples. */
  const dropEmptyLeftovers = () =>
    db.change(
      `DELETE FROM leftover_run WHERE run IN (SELECT run FROM leftover_run ORDER BY run LIMIT ${RUNS_AT_ONCE})
          AND NOT EXISTS (SELECT 1 FROM chunk WHERE job = run) AND NOT EXISTS (SELECT 1 FROM usage WHERE job = run)`,
    );

  return {
    /**
     * Deletes jobs that ended before `beforeMs`, oldest first, until `isOver`; returns whether there may be
     * more.
     */
    async expireJobs(beforeMs: number, isOver: () => boolean, onDeleted: () => void): Promise<boolean> {
      let skipped = 0;
      for (;;) {
        const job = await db.get<{ seq: number; id: string }>(
          'SELECT seq, id FROM job WHERE end_time < $1::bigint ORDER BY end_time LIMIT 1 OFFSET $2',
          [beforeMs, skipped],
        );
        if (!job) return false;
        const what = () => `Job ${JSON.stringify(job.id)} is past its retention and could not be deleted`;
        if (await aside.attempt(`job ${job.seq}`, what, () => rows.remove(job.seq))) onDeleted();
        else skipped++;
        if (isOver()) return true;
      }
    },

    /** Deletes the samples of runs whose job is deleted until `isOver`; returns whether there may be more. */
    async clearLeftovers(isOver: () => boolean, onDeleted: () => void): Promise<boolean> {
      for (;;) {
        await dropEmptyLeftovers();
        const left = await db.get<{ run: number }>('SELECT run FROM leftover_run ORDER BY run LIMIT 1');
        if (!left) return false;
        const chunks = await db.change(
          `DELETE FROM chunk WHERE seq IN (SELECT seq FROM chunk WHERE job = $1::bigint LIMIT ${ROWS_AT_ONCE})`,
          [left.run],
        );
        if (chunks === 0) await deleteSeries(left.run);
        onDeleted();
        if (isOver()) return true;
      }
    },
  };
}
