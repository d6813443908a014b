import type { Queries, Writing } from './sql/queries.ts';

/** State is in the table of counters. The prefix, which databases contain, separates their names. */
const keyOf = (name: string): string => `note:${name}`;

/** Reads a number of the service; undefined if it was never saved. */
export const readState = async (db: Queries, name: string): Promise<number | undefined> =>
  (await db.get<{ value: number }>('SELECT value FROM counter WHERE name = $1', [keyOf(name)]))?.value;

/** Saves a number of the service in the current transaction. */
export const saveState = (db: Writing, name: string, value: number): void =>
  db.send(
    'INSERT INTO counter (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [keyOf(name), value],
  );
