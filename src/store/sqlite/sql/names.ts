import type { Database } from 'bun:sqlite';

/** The tables of names. Their rows are never changed or deleted. */
type NameTable = 'user' | 'node' | 'label';

/** Names cached per table: more than most clusters have, and little memory. */
const MAX_CACHED = 20_000;

/** Returns a function that finds the number of a name; undefined if the name is unknown. */
export function nameFinder(db: Database, table: NameTable): (name: string) => number | undefined {
  const select = db.query<{ id: number }, [string]>(`SELECT id FROM ${table} WHERE name = ?`);
  return (name) => select.get(name)?.id;
}

/** Numbers the names of one table: a new name gets a new number. Caches the names that were asked for. */
function nameNumberer(db: Database, table: NameTable) {
  const find = nameFinder(db, table);
  const insert = db.query(`INSERT INTO ${table} (name) VALUES (?)`);
  const known = new Map<string, number>();
  function number(name: string): number {
    const id = find(name) ?? Number(insert.run(name).lastInsertRowid);
    if (known.size >= MAX_CACHED) known.clear();
    known.set(name, id);
    return id;
  }
  return { number: (name: string): number => known.get(name) ?? number(name), forget: () => known.clear() };
}

/**
 * Numbers the names of all tables inside the current transaction. `forget` must be called after a rollback.
 */
export function nameNumberers(db: Database) {
  const [user, node, label] = (['user', 'node', 'label'] as const).map((table) => nameNumberer(db, table));
  return {
    numberUser: user!.number,
    numberNode: node!.number,
    numberLabel: label!.number,
    forget(): void {
      for (const table of [user, node, label]) table!.forget();
    },
  };
}
