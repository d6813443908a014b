import type { Database } from 'bun:sqlite';

export type Value = number | null;

/** Rows of one statement: to start one costs as much as to insert a row. More than the most of them gain nothing. */
const STATEMENT_ROWS = [50, 8, 2, 1];

/** Returns a function that writes rows of one table in order; `values` holds all their columns, row after row. */
export function rowWriter(db: Database, insert: string, columns: number, conflict = '') {
  const row = `(${Array(columns).fill('?').join()})`;
  const statements = STATEMENT_ROWS.map((rows) => ({
    values: rows * columns,
    query: db.query<unknown, Value[]>(`${insert} VALUES ${Array(rows).fill(row).join()} ${conflict}`),
  }));
  return (values: readonly Value[]): void => {
    let start = 0;
    for (const statement of statements) {
      for (; start + statement.values <= values.length; start += statement.values) {
        // Bun takes one array instead of hundreds of arguments, which its types do not say.
        statement.query.run(values.slice(start, start + statement.values) as never);
      }
    }
  };
}
