import type { Database } from 'bun:sqlite';

/**
 * Returns a function that calls `prepare` once for each connection. bun:sqlite caches 20 statements of a
 * connection and prepares all others anew.
 */
export function perConnection<Value>(prepare: (db: Database) => Value): (db: Database) => Value {
  const prepared = new WeakMap<Database, { readonly value: Value }>();
  return (db) => {
    const known = prepared.get(db) ?? { value: prepare(db) };
    prepared.set(db, known);
    return known.value;
  };
}
