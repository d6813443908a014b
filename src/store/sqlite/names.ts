import type { Database } from 'bun:sqlite';

/** The tables of names; their rows are never changed or removed. */
type NameTable = 'user' | 'node' | 'label';

/** Finds the number that rows carry for a name; undefined for one that was never seen. */
export function nameFinder(db: Database, table: NameTable): (name: string) => number | undefined {
  const select = db.query<{ id: number }, [string]>(`SELECT id FROM ${table} WHERE name = ?`);
  return (name) => select.get(name)?.id;
}

/** Turns names into the numbers that rows carry; a new name gets one. */
export function nameWriter(db: Database, table: NameTable): (name: string) => number {
  const find = nameFinder(db, table);
  const insert = db.query(`INSERT INTO ${table} (name) VALUES (?)`);
  return (name) => find(name) ?? Number(insert.run(name).lastInsertRowid);
}
