import type { Database } from 'bun:sqlite';
import { hasEnded, JOB_STATES } from '../../../domain/job.ts';
import type { Unconfirmed } from '../../../domain/store/runs.ts';

interface UnconfirmedRow {
  readonly id: string;
  readonly state: number;
  readonly lacksRuns: number;
}

/**
 * Lists the jobs of schedulers of which they may have more to say, those that were told of longest ago first. A job that was
 * requeued so often that runs of it are missing, or of which an earlier run has not ended in the scheduler's own word, lacks
 * runs. Only what was told lately is listed, so that what accounting never knew is not asked for ever.
 */
export function unconfirmedLister(db: Database): (sinceMs: number) => Unconfirmed[] {
  const selectLatest = db.query<UnconfirmedRow, [number]>(
    `SELECT job.id, job.state, 0 AS lacksRuns FROM detail INDEXED BY detail_unsettled JOIN job ON job.seq = detail.job
      WHERE detail.standing BETWEEN 2 AND 5 AND (job.state < 2 OR detail.standing_ms >= ?)
      ORDER BY detail.standing_ms`,
  );
  const selectEarlier = db.query<UnconfirmedRow, [number]>(
    `SELECT job.id, job.state, 1 AS lacksRuns FROM detail INDEXED BY detail_requeued JOIN job ON job.seq = detail.job
      WHERE detail.restarts > 0 AND detail.standing_ms >= ?1
        AND detail.restarts > (SELECT count(*) FROM past_run WHERE past_run.job = job.id)
     UNION
     SELECT job.id, job.state, 1 FROM past_run INDEXED BY past_run_unsettled JOIN job ON job.id = past_run.job
      WHERE past_run.standing < 6 AND past_run.told >= ?1`,
  );
  return (sinceMs) => {
    const earlier = selectEarlier.all(sinceMs);
    const lacking = new Set(earlier.map(({ id }) => id));
    const latest = selectLatest.all(sinceMs).filter(({ id }) => !lacking.has(id));
    return [...latest, ...earlier].map(({ id, state, lacksRuns }) => ({
      id,
      hasEnded: hasEnded(JOB_STATES[state]!),
      lacksRuns: lacksRuns === 1,
    }));
  };
}
