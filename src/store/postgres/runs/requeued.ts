import type { Queries } from '../sql/queries.ts';

/** Lists jobs with a run before their latest that ended at or after a time. */
export async function listRequeued(db: Queries, sinceMs: number): Promise<string[]> {
  const rows = await db.all<{ job: string }>(
    "SELECT DISTINCT job FROM past_run WHERE (run::jsonb ->> 'endTimeMs')::bigint >= $1::bigint",
    [sinceMs],
  );
  return rows.map(({ job }) => job);
}
