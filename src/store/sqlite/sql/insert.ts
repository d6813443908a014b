import type { Database } from 'bun:sqlite';

export type Value = number | string | Uint8Array | null;

/**
 * Rows per INSERT. Starting a statement costs about as much
 * as inserting one row; beyond 50 rows nothing is gained.
 */
const STATEMENT_ROWS = [50, 8, 2, 1];

/**
 * Returns a function that inserts rows into one table, in
 * order. `values` are all their columns, row after row.
 */
export function bulkInserter(db: Database, insert: string, columns: number, conflict = '') {
  const row = `(${Array(columns).fill('?').join()})`;
  const statements = STATEMENT_ROWS.map((rows) => ({
    values: rows * columns,
    query: db.query<unknown, Value[]>(`${insert} VALUES ${Array(rows).fill(row).join()} ${conflict}`),
  }));
  return (values: readonly Value[]): void => {
    let start = 0;
    for (const statement of statements) {
      for (; start + statement.values <= values.length; start += statement.values) {
        // Bun accepts one array in place of hundreds of arguments, though its types do not.
        statement.query.run(values.slice(start, start + statement.values) as never);
      }
    }
  };
}
