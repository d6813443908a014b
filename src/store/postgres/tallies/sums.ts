import { TALLY_TABLES, TallySums } from '../../rows/tally.ts';
import { bulkInserter, type Column, columnNames, quoted } from '../sql/insert.ts';
import type { Writing } from '../sql/queries.ts';

/** Returns the sums of a group. Call `flush` before the commit, `clear` after a rollback. */
export function tallySummer(db: Writing): TallySums & { flush(): void } {
  const write = {
    runs: sumWriter(db, 'runs'),
    nodes: sumWriter(db, 'nodes'),
    findings: sumWriter(db, 'findings'),
  };
  const sums = new TallySums();
  return Object.assign(sums, {
    flush(): void {
      for (const { table, changed, fewer } of sums.take()) {
        const { save, dropEmpty } = write[table];
        save(changed.map(({ row, figures }) => [...row, ...figures]));
        if (fewer.length > 0) dropEmpty(fewer);
      }
    },
  });
}

function sumWriter(db: Writing, table: keyof typeof TALLY_TABLES) {
  const { name, key, figures, isEmpty } = TALLY_TABLES[table];
  const keys = key.map((column): Column => [column, 'integer']);
  const added = figures.map((column) => `${column} = ${name}.${column} + excluded.${column}`);
  const given = key.map((_, place) => `$${place + 1}::integer[]`).join(', ');
  const isSame = key.map((column) => `${name}.${quoted(column)} = given.${quoted(column)}`).join(' AND ');
  return {
    save: bulkInserter(
      db,
      name,
      [...keys, ...figures.map((column): Column => [column, 'bigint'])],
      `ON CONFLICT (${columnNames(keys)}) DO UPDATE SET ${added.join(', ')}`,
    ),
    dropEmpty: (rows: readonly (readonly number[])[]): void =>
      db.send(
        `DELETE FROM ${name} USING unnest(${given}) AS given (${columnNames(keys)}) WHERE ${isSame} AND ${isEmpty}`,
        key.map((_, place) => rows.map((row) => row[place]!)),
      ),
  };
}
