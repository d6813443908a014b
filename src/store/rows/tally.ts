import { spansAt } from '../../domain/tally/spans.ts';
import { TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../domain/tally/tally.ts';
import type { KeptFinding } from './judged.ts';

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

/** A table of sums. */
interface SumTable {
  readonly name: 'tally' | 'node_tally' | 'finding_tally';
  readonly key: readonly string[];
  readonly figures: readonly string[];
  /** Condition of a row that nothing adds to any more. */
  readonly isEmpty: string;
}

/** The columns of figures, in the order of TALLY_FIELDS. */
export const FIGURE_COLUMNS: readonly string[] = TALLY_FIELDS.map((field) => TALLY_COLUMNS[field]);
const KEY = ['user', 'account', 'hours', 'start', 'partition'];
const NO_RUNS = 'completed + failed + cancelled = 0';

export const TALLY_TABLES = {
  runs: { name: 'tally', key: KEY, figures: FIGURE_COLUMNS, isEmpty: NO_RUNS },
  nodes: { name: 'node_tally', key: ['hours', 'start', 'node'], figures: FIGURE_COLUMNS, isEmpty: NO_RUNS },
  findings: {
    name: 'finding_tally',
    key: [...KEY, 'kind', 'severity'],
    figures: ['runs'],
    isEmpty: 'runs = 0',
  },
} as const satisfies Record<string, SumTable>;

/** What is added to one row of a table. */
interface RowSum {
  readonly row: readonly number[];
  readonly figures: readonly number[];
}

/** The changes of one table. */
interface TableSums {
  readonly table: keyof typeof TALLY_TABLES;
  readonly changed: readonly RowSum[];
  /** Keys of rows that may be empty now. */
  readonly fewer: readonly (readonly number[])[];
}

/** Returns the figures of a tally in the order of FIGURE_COLUMNS. */
export const figuresOf = (tally: Tally): number[] => TALLY_FIELDS.map((field) => tally[field]);

/**
 * Sums what is added to tallies over a group, so that each row is written once a commit. `sign` -1 takes
 * away; `hoursFrom` is the first hour with rows of its own.
 */
export class TallySums {
  readonly #tables = { runs: new RowSums(), nodes: new RowSums(), findings: new RowSums() };

  /** Adds a tally to all spans that a run belongs to. */
  add(key: TallyKey, tally: Tally, sign: 1 | -1, hoursFrom: number): void {
    const figures = figuresOf(tally);
    for (const row of rowsOf(key, hoursFrom)) this.#tables.runs.add(row, figures, sign);
  }

  /** Adds what a run held and used on a node, which has no rows of single hours. */
  addOnNode(node: number, hour: number, tally: Tally, sign: 1 | -1): void {
    const figures = figuresOf(tally);
    for (const { hours, start } of spansAt(hour, Number.POSITIVE_INFINITY))
      this.#tables.nodes.add([hours, start, node], figures, sign);
  }

  /** Counts the findings of a run. */
  addFindings(key: TallyKey, found: readonly KeptFinding[], sign: 1 | -1, hoursFrom: number): void {
    if (found.length === 0) return;
    for (const row of rowsOf(key, hoursFrom))
      for (const { kind, severity } of found) this.#tables.findings.add([...row, kind, severity], [1], sign);
  }

  /** Returns the changes since the last call or `clear`. */
  take(): TableSums[] {
    const taken = Object.entries(this.#tables).map(([table, sums]) => ({
      table: table as keyof typeof TALLY_TABLES,
      ...sums.take(),
    }));
    return taken.filter(({ changed }) => changed.length > 0);
  }

  clear(): void {
    for (const sums of Object.values(this.#tables)) sums.clear();
  }
}

/** Sums figures by row. */
class RowSums {
  readonly #sums = new Map<string, { readonly row: readonly number[]; readonly figures: number[] }>();

  add(row: readonly number[], added: readonly number[], sign: 1 | -1): void {
    const name = row.join();
    let known = this.#sums.get(name);
    if (!known) {
      known = { row, figures: added.map(() => 0) };
      this.#sums.set(name, known);
    }
    for (let at = 0; at < added.length; at++) known.figures[at]! += sign * added[at]!;
  }

  take(): Omit<TableSums, 'table'> {
    const changed = [...this.#sums.values()].filter(({ figures }) => figures.some((figure) => figure !== 0));
    this.clear();
    const fewer = changed.filter(({ figures }) => figures.some((figure) => figure < 0));
    return { changed, fewer: fewer.map(({ row }) => row) };
  }

  clear(): void {
    this.#sums.clear();
  }
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
