import type { Database } from 'bun:sqlite';
import { hasEnded, JOB_STATES } from '../../domain/job.ts';
import type { Unsettled } from '../../domain/store.ts';

/** Lists the jobs of schedulers of which they may have more to say, those that were told of longest ago first. */
export function unsettledLister(db: Database): (sinceMs: number) => Unsettled[] {
  const select = db.query<{ id: string; state: number }, [number]>(
    `SELECT job.id, job.state FROM detail INDEXED BY detail_unsettled JOIN job ON job.seq = detail.job
      WHERE detail.standing BETWEEN 2 AND 5 AND (job.state < 2 OR detail.standing_ms >= ?)
      ORDER BY detail.standing_ms`,
  );
  return (sinceMs) =>
    select.all(sinceMs).map(({ id, state }) => ({ id, hasEnded: hasEnded(JOB_STATES[state]!) }));
}
