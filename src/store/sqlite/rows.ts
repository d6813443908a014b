import type { Database } from 'bun:sqlite';

export type Value = number | null;

/** Rows of one statement: to start one costs as much as to insert a row. More of them gain nothing. */
const STATEMENT_ROWS = 50;

/** Returns a function that writes rows of one table in order; `values` holds all their columns, row after row. */
export function rowWriter(db: Database, insert: string, columns: number, conflict = '') {
  const row = `(${Array(columns).fill('?').join()})`;
  const insertOne = db.query<unknown, Value[]>(`${insert} VALUES ${row} ${conflict}`);
  const insertMany = db.query<unknown, Value[]>(
    `${insert} VALUES ${Array(STATEMENT_ROWS).fill(row).join()} ${conflict}`,
  );
  const many = columns * STATEMENT_ROWS;
  return (values: readonly Value[]): void => {
    // Bun takes one array instead of hundreds of arguments, which its types do not say.
    const take = (start: number, count: number) => values.slice(start, start + count) as never;
    let start = 0;
    for (; start + many <= values.length; start += many) insertMany.run(take(start, many));
    for (; start < values.length; start += columns) insertOne.run(take(start, columns));
  };
}
