import type { Database } from 'bun:sqlite';
import { hasEnded } from '../../../domain/job.ts';
import type { Unconfirmed } from '../../../domain/store/runs.ts';
import { CONFIRMED_VERDICTS, UNCONFIRMED_VERDICTS } from '../../../domain/trust.ts';
import { FIRST_ENDED, stateName } from '../../rows/states.ts';

interface UnconfirmedRow {
  readonly id: string;
  readonly state: number;
  readonly lacksRuns: number;
}

// The terms of the partial indexes, as SQLite recognizes them.
const UNCONFIRMED = UNCONFIRMED_VERDICTS.map((verdict) => `detail.verdict = '${verdict}'`).join(' OR ');
const NOT_CONFIRMED = CONFIRMED_VERDICTS.map((verdict) => `past_run.verdict <> '${verdict}'`).join(' AND ');

/**
 * Lists jobs about which Slurm may know more, those reported longest ago first. A job lacks runs if fewer are
 * stored than it was requeued, or if an earlier one has no confirmed end. Jobs last reported before `sinceMs`
 * are left out unless they have not ended, so that what accounting never knew is not asked for ever.
 */
export function unconfirmedLister(db: Database): (sinceMs: number) => Unconfirmed[] {
  const selectLatest = db.query<UnconfirmedRow, [number]>(
    `SELECT job.id, job.state, 0 AS lacksRuns FROM detail INDEXED BY detail_unconfirmed JOIN job ON job.seq = detail.job
      WHERE (${UNCONFIRMED}) AND (job.state < ${FIRST_ENDED} OR detail.verdict_ms >= ?)
      ORDER BY detail.verdict_ms`,
  );
  const selectEarlier = db.query<UnconfirmedRow, [number]>(
    `SELECT job.id, job.state, 1 AS lacksRuns FROM detail INDEXED BY detail_requeued JOIN job ON job.seq = detail.job
      WHERE detail.restarts > 0 AND detail.verdict_ms >= ?1
        AND detail.restarts > (SELECT count(*) FROM past_run WHERE past_run.job = job.id)
     UNION
     SELECT job.id, job.state, 1 FROM past_run INDEXED BY past_run_unconfirmed JOIN job ON job.id = past_run.job
      WHERE ${NOT_CONFIRMED} AND past_run.told >= ?1`,
  );
  return (sinceMs) => {
    const earlier = selectEarlier.all(sinceMs);
    const lacking = new Set(earlier.map(({ id }) => id));
    const latest = selectLatest.all(sinceMs).filter(({ id }) => !lacking.has(id));
    return [...latest, ...earlier].map(({ id, state, lacksRuns }) => ({
      id,
      hasEnded: hasEnded(stateName(state)),
      lacksRuns: lacksRuns === 1,
    }));
  };
}
