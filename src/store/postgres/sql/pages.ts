import type { Bound, Queries } from './queries.ts';

let lastCursor = 0;

/**
 * Yields the rows of a query in pages, through a cursor of the current transaction, so that neither side
 * holds them all. The last page may be empty.
 */
export async function* inPages<Row>(
  db: Queries,
  sql: string,
  values: readonly Bound[],
  rows: number,
): AsyncGenerator<Row[], void> {
  const cursor = `page_${++lastCursor}`;
  await db.change(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`, values);
  for (;;) {
    const page = await db.all<Row>(`FETCH ${rows} FROM ${cursor}`);
    yield page;
    if (page.length < rows) break;
  }
  await db.change(`CLOSE ${cursor}`);
}
