import type { Database } from 'bun:sqlite';
import { MANY_UNTALLIED } from '../../rows/behind.ts';

/** Tells whether many jobs are still to be tallied: new ones, or runs that ended or changed since. */
export function behindReader(db: Database): () => boolean {
  const select = db.query<{ behind: number }, []>(
    `SELECT (SELECT ifnull(max(seq), 0) FROM job) - (SELECT value FROM counter WHERE name = 'tally_seen') > ${MANY_UNTALLIED}
         OR EXISTS (SELECT 1 FROM tally_due LIMIT 1 OFFSET ${MANY_UNTALLIED}) AS behind`,
  );
  return () => select.get()!.behind === 1;
}
