import type { Database } from 'bun:sqlite';
import { spansAt } from '../../../domain/tally/spans.ts';
import {
  addTallies,
  countRuns,
  NO_TALLY,
  subtractTally,
  TALLY_COLUMNS,
  TALLY_FIELDS,
  type Tally,
} from '../../../domain/tally/tally.ts';
import { bulkInserter, type Value } from '../sql/insert.ts';

/** The `user`, `account` or `partition` of a tally of all of them. */
export const ANY = -1;

/** What a run is tallied by, as numbers of names, and the hour of its end. */
export interface TallyKey {
  readonly user: number;
  /** 0 if it has none, as `partition`. */
  readonly account: number;
  readonly partition: number;
  readonly hour: number;
}

type Row = readonly [user: number, account: number, hours: number, start: number, partition: number];

const KEY = ['user', 'account', 'hours', 'start', 'partition'];
const COLUMNS = TALLY_FIELDS.map((field) => TALLY_COLUMNS[field]);

/**
 * Sums what is added to tallies over a group, so that each row is written once a commit. Call `flush` before
 * the commit, `forget` after a rollback.
 */
export function tallySummer(db: Database) {
  const save = bulkInserter(
    db,
    `INSERT INTO tally (${[...KEY, ...COLUMNS].join(', ')})`,
    KEY.length + COLUMNS.length,
    `ON CONFLICT DO UPDATE SET ${COLUMNS.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`,
  );
  const dropEmpty = db.query(
    `DELETE FROM tally WHERE ${KEY.map((column) => `${column} = ?`).join(' AND ')} AND completed + failed + cancelled = 0`,
  );
  const sums = new Map<string, { readonly row: Row; tally: Tally }>();

  return {
    /** Adds a tally to all spans that a run belongs to. `sign` -1 takes it away. */
    add(key: TallyKey, tally: Tally, sign: 1 | -1, hoursFrom: number): void {
      for (const row of rowsOf(key, hoursFrom)) {
        const name = row.join();
        const known = sums.get(name) ?? { row, tally: NO_TALLY };
        known.tally = sign === 1 ? addTallies(known.tally, tally) : subtractTally(known.tally, tally);
        sums.set(name, known);
      }
    },

    flush(): void {
      if (sums.size === 0) return;
      const values: Value[] = [];
      for (const { row, tally } of sums.values())
        values.push(...row, ...TALLY_FIELDS.map((field) => tally[field]));
      save(values);
      for (const { row, tally } of sums.values()) if (countRuns(tally) < 0) dropEmpty.run(...row);
      sums.clear();
    },

    forget: (): void => sums.clear(),
  };
}

/**
 * A user, an account, a partition and the whole cluster have rows of their own, so that lists of them have
 * little to add up.
 */
function* rowsOf({ user, account, partition, hour }: TallyKey, hoursFrom: number): Generator<Row> {
  for (const { hours, start } of spansAt(hour, hoursFrom)) {
    yield [user, account, hours, start, partition];
    yield [user, ANY, hours, start, ANY];
    yield [ANY, account, hours, start, ANY];
    yield [ANY, ANY, hours, start, partition];
    yield [ANY, ANY, hours, start, ANY];
  }
}
