import type { Sight } from '../../../domain/caller.ts';
import { isSeen, type Owner } from '../../../domain/sight.ts';
import type { Queries } from '../sql/queries.ts';

const USER = '(SELECT name FROM user_name WHERE id = job.user) AS user';
const ACCOUNT = '(SELECT name FROM label WHERE id = detail.account) AS account';

/** Finds the numbers of the jobs that have a run with one of the SLUIDs that is to be seen. */
export async function findBySluid(db: Queries, sluids: readonly string[], sight: Sight): Promise<number[]> {
  const rows = await db.all<{ seq: number } & Owner>(
    `SELECT job.seq, ${USER}, ${ACCOUNT} FROM detail JOIN job ON job.seq = detail.job WHERE detail.sluid = ANY($1::text[])
     UNION
     SELECT job.seq, past_run.user, past_run.account FROM past_run JOIN job ON job.id = past_run.job
      WHERE past_run.sluid = ANY($1::text[])
     UNION
     SELECT job.seq, ${USER}, ${ACCOUNT} FROM later_sluid JOIN job ON job.seq = later_sluid.run
       LEFT JOIN detail ON detail.job = job.seq WHERE later_sluid.sluid = ANY($1::text[])
     UNION
     SELECT job.seq, past_run.user, past_run.account FROM later_sluid JOIN past_run ON past_run.seq = later_sluid.run
       JOIN job ON job.id = past_run.job WHERE later_sluid.sluid = ANY($1::text[])`,
    [sluids],
  );
  return [...new Set(rows.filter((owner) => isSeen(sight, owner)).map(({ seq }) => seq))];
}
