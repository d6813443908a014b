import { hasEnded } from '../../../domain/job.ts';
import type { Unconfirmed } from '../../../domain/store/runs.ts';
import { CONFIRMED_VERDICTS, UNCONFIRMED_VERDICTS } from '../../../domain/trust.ts';
import { FIRST_ENDED, stateName } from '../../rows/states.ts';
import type { Queries } from '../sql/queries.ts';

interface UnconfirmedRow {
  readonly id: string;
  readonly state: number;
}

const listed = (verdicts: Iterable<string>): string =>
  Array.from(verdicts, (verdict) => `'${verdict}'`).join(', ');

/**
 * Lists jobs about which Slurm may know more, those reported longest ago first. A job lacks runs if fewer are
 * stored than it was requeued, or if an earlier one has no confirmed end. Jobs last reported before `sinceMs`
 * are left out unless they have not ended, so that what accounting never knew is not asked for ever.
 */
export async function listUnconfirmed(db: Queries, sinceMs: number): Promise<Unconfirmed[]> {
  const earlier = await db.all<UnconfirmedRow>(
    `SELECT job.id, job.state FROM detail JOIN job ON job.seq = detail.job
      WHERE detail.restarts > 0 AND detail.verdict_ms >= $1::bigint
        AND detail.restarts > (SELECT count(*) FROM past_run WHERE past_run.job = job.id)
     UNION
     SELECT job.id, job.state FROM past_run JOIN job ON job.id = past_run.job
      WHERE past_run.verdict NOT IN (${listed(CONFIRMED_VERDICTS)}) AND past_run.told >= $1::bigint`,
    [sinceMs],
  );
  const latest = await db.all<UnconfirmedRow>(
    `SELECT job.id, job.state FROM detail JOIN job ON job.seq = detail.job
      WHERE detail.verdict IN (${listed(UNCONFIRMED_VERDICTS)})
        AND (job.state < ${FIRST_ENDED} OR detail.verdict_ms >= $1::bigint)
      ORDER BY detail.verdict_ms`,
    [sinceMs],
  );
  const lacking = new Set(earlier.map(({ id }) => id));
  const describe = ({ id, state }: UnconfirmedRow): Unconfirmed => ({
    id,
    hasEnded: hasEnded(stateName(state)),
    lacksRuns: lacking.has(id),
  });
  return [...latest.filter(({ id }) => !lacking.has(id)), ...earlier].map(describe);
}
