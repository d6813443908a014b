import type { Bound, Writing } from './queries.ts';

/** A column and its type. */
export type Column = readonly [name: string, type: string];

/** Returns a name as SQL has it: PostgreSQL reserves some. */
export const quoted = (name: string): string => (name === 'user' ? '"user"' : name);

/** Returns the names of columns as SQL has them. */
export const columnNames = (columns: readonly Column[]): string =>
  columns.map(([name]) => quoted(name)).join(', ');

/** Rows of one statement: more would only grow its memory. */
const MAX_ROWS = 5000;

/** Returns a function that inserts rows into a table, each with its values in the order of the columns. */
export function bulkInserter(db: Writing, table: string, columns: readonly Column[], conflict = '') {
  const arrays = columns.map(([, type], place) => `$${place + 1}::${type}[]`).join(', ');
  const sql = `INSERT INTO ${table} (${columnNames(columns)}) SELECT * FROM unnest(${arrays}) ${conflict}`;
  return (rows: readonly (readonly Bound[])[]): void => {
    for (let at = 0; at < rows.length; at += MAX_ROWS) {
      const part = rows.slice(at, at + MAX_ROWS);
      db.send(
        sql,
        columns.map((_, place) => part.map((row) => row[place]!)),
      );
    }
  };
}

/** Returns the clause that makes an insert replace the other columns of a row with the same key. */
export const replacing = (key: string, columns: readonly Column[]): string =>
  `ON CONFLICT (${key}) DO UPDATE SET ${columns
    .filter(([name]) => name !== key)
    .map(([name]) => `${quoted(name)} = excluded.${quoted(name)}`)
    .join(', ')}`;
