import type { Queries, Writing } from './queries.ts';

/** The tables of names. Their rows are never changed or deleted. */
export type NameTable = 'user_name' | 'node_name' | 'label';

/** Names cached per table: more than most clusters have, and little memory. */
const MAX_CACHED = 20_000;

/** Finds the number of a name; undefined if the name is unknown. */
export const findName = async (db: Queries, table: NameTable, name: string): Promise<number | undefined> =>
  (await findNames(db, table, [name])).get(name);

/** Finds the numbers of names; unknown names are left out. */
export async function findNames(
  db: Queries,
  table: NameTable,
  names: readonly string[],
): Promise<Map<string, number>> {
  if (names.length === 0) return new Map();
  const rows = await db.all<{ id: number; name: string }>(
    `SELECT id, name FROM ${table} WHERE name = ANY($1::text[])`,
    [names],
  );
  return new Map(rows.map(({ id, name }) => [name, id]));
}

/** Numbers the names of one table inside the current transaction: a new name gets a new number. */
function nameNumberer(db: Writing, table: NameTable) {
  const known = new Map<string, number>();
  return {
    /** Gives numbers to names, so that `number` knows them until `makeRoom`. */
    async learn(names: Iterable<string>): Promise<void> {
      const unknown = [...new Set(names)].filter((name) => !known.has(name));
      if (unknown.length === 0) return;
      for (const [name, id] of await findNames(db, table, unknown)) known.set(name, id);
      const fresh = unknown.filter((name) => !known.has(name));
      if (fresh.length === 0) return;
      const rows = await db.all<{ id: number; name: string }>(
        `INSERT INTO ${table} (name) SELECT * FROM unnest($1::text[]) RETURNING id, name`,
        [fresh],
      );
      for (const { id, name } of rows) known.set(name, id);
    },
    number(name: string): number {
      const id = known.get(name);
      if (id === undefined) throw new Error(`The name ${JSON.stringify(name)} was not learned.`);
      return id;
    },
    makeRoom(): void {
      if (known.size > MAX_CACHED) known.clear();
    },
    forget: () => known.clear(),
  };
}

/**
 * Numbers names inside the transaction of the group. `learn…` must be called before `number…`; `makeRoom`
 * between groups, and `forget` after a rollback.
 */
export function nameNumberers(db: Writing) {
  const user = nameNumberer(db, 'user_name');
  const node = nameNumberer(db, 'node_name');
  const label = nameNumberer(db, 'label');
  const all = [user, node, label];
  return {
    learnUsers: user.learn,
    learnNodes: node.learn,
    learnLabels: label.learn,
    numberUser: user.number,
    numberNode: node.number,
    numberLabel: label.number,
    makeRoom(): void {
      for (const one of all) one.makeRoom();
    },
    forget(): void {
      for (const one of all) one.forget();
    },
  };
}

export type NameNumberers = ReturnType<typeof nameNumberers>;
