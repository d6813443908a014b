import type { Database } from 'bun:sqlite';

/** The tables of names; their rows are never changed or removed. */
type NameTable = 'user' | 'node' | 'label';

/** Names of one table that are remembered: more than most clusters have, and little memory. */
const MAX_REMEMBERED = 20_000;

/** Finds the number that rows carry for a name; undefined for one that was never seen. */
export function nameFinder(db: Database, table: NameTable): (name: string) => number | undefined {
  const select = db.query<{ id: number }, [string]>(`SELECT id FROM ${table} WHERE name = ?`);
  return (name) => select.get(name)?.id;
}

/** Turns names into the numbers that rows carry; a new name gets one. Remembers those that were asked for. */
function nameWriter(db: Database, table: NameTable) {
  const find = nameFinder(db, table);
  const insert = db.query(`INSERT INTO ${table} (name) VALUES (?)`);
  const known = new Map<string, number>();
  function remember(name: string): number {
    const id = find(name) ?? Number(insert.run(name).lastInsertRowid);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(name, id);
    return id;
  }
  return { number: (name: string): number => known.get(name) ?? remember(name), forget: () => known.clear() };
}

/** Numbers the names of all tables inside the transaction of the group. `forget` after a rollback. */
export function nameKeeper(db: Database) {
  const [user, node, label] = (['user', 'node', 'label'] as const).map((table) => nameWriter(db, table));
  return {
    numberUser: user!.number,
    numberNode: node!.number,
    numberLabel: label!.number,
    forget(): void {
      for (const table of [user, node, label]) table!.forget();
    },
  };
}
