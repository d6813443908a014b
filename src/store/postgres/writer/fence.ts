import type { Queries, Writing } from '../sql/queries.ts';

/**
 * Begins the time of this service as the writer: what earlier ones have not committed by now is refused by
 * the database. Waits for a transaction of theirs that is about to commit. Returns the number of the time.
 */
export async function beginEpoch(db: Writing, url: string | undefined): Promise<number> {
  const row = await db.get<{ epoch: number }>(
    'UPDATE writer SET epoch = epoch + 1, url = $1 WHERE id = 1 RETURNING epoch',
    [url ?? null],
  );
  if (!row) throw new Error('The table writer has no row.');
  return row.epoch;
}

/** Returns the statements that begin a transaction of the writer, which fails if another service writes. */
export const beginFenced = (epoch: number): string => `BEGIN; SELECT require_writer(${epoch})`;

/** Saves where clients reach the writer. */
export const saveUrl = (db: Writing, epoch: number, url: string): Promise<number> =>
  db.change('UPDATE writer SET url = $1 WHERE id = 1 AND epoch = $2', [url, epoch]);

/** Returns where clients reach the service that writes; undefined if it has not said. */
export async function readUrl(db: Queries): Promise<string | undefined> {
  // Before the first migration there is no table.
  if (!(await db.get(`SELECT 1 WHERE to_regclass('writer') IS NOT NULL`))) return undefined;
  return (await db.get<{ url: string | null }>('SELECT url FROM writer WHERE id = 1'))?.url ?? undefined;
}
