import { splitMeasures } from '../../copy/measures.ts';
import type { Page, Position, Value } from '../../copy/side.ts';
import type { CopiedTable } from '../../copy/tables.ts';
import { inPages } from '../sql/pages.ts';
import { queriesOf } from '../sql/queries.ts';

const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

export const quoted = (name: string): string => `"${name}"`;
export const tableOf = ({ name, postgres }: CopiedTable): string => quoted(postgres ?? name);

/**
 * Reads a database in the form of a copy, over one connection. Further measures of samples are packed anew
 * unless a copy has written them.
 */
export function copyReader(connection: Bun.ReservedSQL, { isCopy }: { isCopy: boolean }) {
  const db = queriesOf(connection);

  return {
    async columnsOf({ name, postgres = name }: CopiedTable): Promise<readonly string[]> {
      const rows = await db.all<{ name: string }>(
        `SELECT column_name::text AS name FROM information_schema.columns
          WHERE table_schema = current_schema() AND table_name = $1`,
        [postgres],
      );
      // The number of a sample says only its place.
      return rows
        .map((row) => row.name)
        .filter((column) => !(name === 'log' && column === 'seq'))
        .sort();
    },

    async count(table: CopiedTable): Promise<number> {
      return (await db.get<{ rows: number }>(`SELECT count(*) AS rows FROM ${tableOf(table)}`))!.rows;
    },

    async *pages(
      table: CopiedTable,
      columns: readonly string[],
      after?: Position,
    ): AsyncGenerator<Page, void> {
      const key = table.key.map(quoted).join();
      const bound = after?.map((value, at) => `$${at + 1}::${typeof value === 'number' ? 'bigint' : 'text'}`);
      const isPacked = (column: string) => table.name === 'log' && column === 'further' && !isCopy;
      const readValue = (column: string, value: Value): Value =>
        isPacked(column) && value instanceof Uint8Array ? splitMeasures(value, 1)[0]! : value;
      await connection.unsafe(BEGIN);
      try {
        const pages = inPages<Record<string, Value>>(
          db,
          `SELECT ${[...columns, ...table.key].map(quoted).join()} FROM ${tableOf(table)}
            ${bound ? `WHERE (${key}) > (${bound.join()})` : ''} ORDER BY ${key}`,
          (after ?? []) as (number | string)[],
          table.pageRows,
        );
        for await (const found of pages) {
          const last = found.at(-1);
          if (!last) continue;
          yield {
            rows: found.map((row) => columns.map((column) => readValue(column, row[column]!))),
            position: table.key.map((column) => last[column]!),
          };
        }
      } finally {
        await connection.unsafe('ROLLBACK');
      }
    },
  };
}
