import type { Database } from 'bun:sqlite';
import { spansAt } from '../../../domain/tally/spans.ts';
import { TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../../domain/tally/tally.ts';
import type { KeptFinding } from '../findings/kept.ts';
import { bulkInserter } from '../sql/insert.ts';

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

const KEY = ['user', 'account', 'hours', 'start', 'partition'];
const COLUMNS = TALLY_FIELDS.map((field) => TALLY_COLUMNS[field]);
const NO_RUNS = 'completed + failed + cancelled = 0';

const figuresOf = (tally: Tally): number[] => TALLY_FIELDS.map((field) => tally[field]);

/**
 * Sums what is added to tallies over a group, so that each row is written once a commit. Call `flush` before
 * the commit, `forget` after a rollback. `sign` -1 takes away; `hoursFrom` is the first hour with rows of
 * its own.
 */
export function tallySummer(db: Database) {
  const runs = rowSummer(db, { table: 'tally', key: KEY, figures: COLUMNS, isEmpty: NO_RUNS });
  const nodes = rowSummer(db, {
    table: 'node_tally',
    key: ['hours', 'start', 'node'],
    figures: COLUMNS,
    isEmpty: NO_RUNS,
  });
  const findings = rowSummer(db, {
    table: 'finding_tally',
    key: [...KEY, 'kind', 'severity'],
    figures: ['runs'],
    isEmpty: 'runs = 0',
  });
  const all = [runs, nodes, findings];

  return {
    /** Adds a tally to all spans that a run belongs to. */
    add(key: TallyKey, tally: Tally, sign: 1 | -1, hoursFrom: number): void {
      const figures = figuresOf(tally);
      for (const row of rowsOf(key, hoursFrom)) runs.add(row, figures, sign);
    },

    /** Adds what a run held and used on a node, which has no rows of single hours. */
    addOnNode(node: number, hour: number, tally: Tally, sign: 1 | -1): void {
      const figures = figuresOf(tally);
      for (const { hours, start } of spansAt(hour, Number.POSITIVE_INFINITY))
        nodes.add([hours, start, node], figures, sign);
    },

    /** Counts the findings of a run. */
    addFindings(key: TallyKey, found: readonly KeptFinding[], sign: 1 | -1, hoursFrom: number): void {
      if (found.length === 0) return;
      for (const row of rowsOf(key, hoursFrom))
        for (const { kind, severity } of found) findings.add([...row, kind, severity], [1], sign);
    },

    flush(): void {
      for (const sums of all) sums.flush();
    },

    forget(): void {
      for (const sums of all) sums.forget();
    },
  };
}

interface SumTable {
  readonly table: string;
  readonly key: readonly string[];
  readonly figures: readonly string[];
  /** Condition of a row that nothing adds to any more. */
  readonly isEmpty: string;
}

/** Sums figures by row, and adds them to the rows of a table. */
function rowSummer(db: Database, { table, key, figures, isEmpty }: SumTable) {
  const save = bulkInserter(
    db,
    `INSERT INTO ${table} (${[...key, ...figures].join(', ')})`,
    key.length + figures.length,
    `ON CONFLICT DO UPDATE SET ${figures.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`,
  );
  const dropEmpty = db.query<unknown, number[]>(
    `DELETE FROM ${table} WHERE ${key.map((column) => `${column} = ?`).join(' AND ')} AND ${isEmpty}`,
  );
  const sums = new Map<string, { readonly row: readonly number[]; readonly figures: number[] }>();

  return {
    add(row: readonly number[], added: readonly number[], sign: 1 | -1): void {
      const name = row.join();
      let known = sums.get(name);
      if (!known) {
        known = { row, figures: figures.map(() => 0) };
        sums.set(name, known);
      }
      for (let at = 0; at < added.length; at++) known.figures[at]! += sign * added[at]!;
    },

    flush(): void {
      if (sums.size === 0) return;
      const changed = [...sums.values()].filter(({ figures }) => figures.some((figure) => figure !== 0));
      save(changed.flatMap(({ row, figures }) => [...row, ...figures]));
      for (const { row, figures } of changed) if (figures.some((figure) => figure < 0)) dropEmpty.run(...row);
      sums.clear();
    },

    forget: (): void => sums.clear(),
  };
}

/**
 * A user, an account, a partition and the whole cluster have rows of their own, so that lists of them have
 * little to add up.
 */
function* rowsOf({ user, account, partition, hour }: TallyKey, hoursFrom: number): Generator<number[]> {
  for (const { hours, start } of spansAt(hour, hoursFrom)) {
    yield [user, account, hours, start, partition];
    yield [user, ANY, hours, start, ANY];
    yield [ANY, account, hours, start, ANY];
    yield [ANY, ANY, hours, start, partition];
    yield [ANY, ANY, hours, start, ANY];
  }
}
