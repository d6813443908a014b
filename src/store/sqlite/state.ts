import type { Database } from 'bun:sqlite';

/** Numbers that the service keeps for itself; they stand among the counters, under names of their own. */
const keyOf = (name: string): string => `note:${name}`;

/** Reads a note; undefined when it was never kept. */
export function noteReader(db: Database): (name: string) => number | undefined {
  const select = db.query<{ value: number }, [string]>('SELECT value FROM counter WHERE name = ?');
  return (name) => select.get(keyOf(name))?.value;
}

/** Keeps notes inside the transaction of the group. */
export function noteWriter(db: Database) {
  const replace = db.query('INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)');
  return { keep: (name: string, value: number): void => void replace.run(keyOf(name), value) };
}
