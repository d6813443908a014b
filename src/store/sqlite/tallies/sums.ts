import type { Database } from 'bun:sqlite';
import { TALLY_TABLES, TallySums } from '../../rows/tally.ts';
import { bulkInserter } from '../sql/insert.ts';

/** Returns the sums of a group. Call `flush` before the commit, `clear` after a rollback. */
export function tallySummer(db: Database): TallySums & { flush(): void } {
  const writers = {
    runs: sumWriter(db, 'runs'),
    nodes: sumWriter(db, 'nodes'),
    findings: sumWriter(db, 'findings'),
  };
  const sums = new TallySums();
  return Object.assign(sums, {
    flush(): void {
      for (const { table, changed, fewer } of sums.take()) {
        const { save, dropEmpty } = writers[table];
        save(changed.flatMap(({ row, figures }) => [...row, ...figures]));
        for (const row of fewer) dropEmpty.run(...row);
      }
    },
  });
}

function sumWriter(db: Database, table: keyof typeof TALLY_TABLES) {
  const { name, key, figures, isEmpty } = TALLY_TABLES[table];
  return {
    save: bulkInserter(
      db,
      `INSERT INTO ${name} (${[...key, ...figures].join(', ')})`,
      key.length + figures.length,
      `ON CONFLICT DO UPDATE SET ${figures.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`,
    ),
    dropEmpty: db.query<unknown, number[]>(
      `DELETE FROM ${name} WHERE ${key.map((column) => `${column} = ?`).join(' AND ')} AND ${isEmpty}`,
    ),
  };
}
