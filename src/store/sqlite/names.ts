import type { Database } from 'bun:sqlite';

/** The tables of names; their rows are never changed or removed. */
type NameTable = 'user' | 'node';

/** Turns names into the numbers that rows carry. */
export function nameWriter(
  db: Database,
  table: NameTable,
): { find(name: string): number | undefined; add(name: string): number } {
  const select = db.query<{ id: number }, [string]>(`SELECT id FROM ${table} WHERE name = ?`);
  const insert = db.query(`INSERT INTO ${table} (name) VALUES (?)`);
  const find = (name: string) => select.get(name)?.id;
  return { find, add: (name) => find(name) ?? Number(insert.run(name).lastInsertRowid) };
}
