import { MANY_UNTALLIED } from '../../rows/behind.ts';
import type { Queries } from '../sql/queries.ts';

/** Tells whether many jobs are still to be tallied: new ones, or runs that ended or changed since. */
export async function areTalliesBehind(db: Queries): Promise<boolean> {
  const row = await db.get<{ behind: boolean }>(
    `SELECT (SELECT coalesce(max(seq), 0) FROM job) - (SELECT value FROM counter WHERE name = 'tally_seen') > ${MANY_UNTALLIED}
         OR EXISTS (SELECT 1 FROM tally_due LIMIT 1 OFFSET ${MANY_UNTALLIED}) AS behind`,
  );
  return row!.behind;
}
