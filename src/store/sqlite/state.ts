import type { Database } from 'bun:sqlite';

/** State is in the table of counters. The prefix, which databases contain, separates their names. */
const keyOf = (name: string): string => `note:${name}`;

/** Returns a function that reads a number of the service; undefined if it was never saved. */
export function stateReader(db: Database): (name: string) => number | undefined {
  const select = db.query<{ value: number }, [string]>('SELECT value FROM counter WHERE name = ?');
  return (name) => select.get(keyOf(name))?.value;
}

/** Returns a function that saves a number of the service in the current transaction. */
export function stateWriter(db: Database): (name: string, value: number) => void {
  const replace = db.query('INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)');
  return (name, value) => void replace.run(keyOf(name), value);
}
