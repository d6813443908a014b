import type { Database } from 'bun:sqlite';
import type { HeldRow } from '../../../domain/store/tallies.ts';
import { coverDays, type HourRange, type SpanRow } from '../../../domain/tally/spans.ts';
import { countRuns, HELD_FIELDS, type HeldTally, TALLY_COLUMNS } from '../../../domain/tally/tally.ts';
import { perConnection } from '../sql/per-connection.ts';

/** Nodes that one statement adds up: less than a millisecond for a month. */
const NODES_AT_ONCE = 250;

type NodeRow = { -readonly [Field in keyof HeldTally]: HeldTally[Field] } & { readonly name: string };

/** The lengths and starts of spans as JSON. */
interface Spans {
  readonly added: string;
  readonly taken: string;
}

const NO_SPANS = '[]';

/** Sums tallies by node, step by step. */
export const nodeTallyReader = perConnection((db: Database) => {
  const sums = HELD_FIELDS.map((field) => `sum(node_tally.${TALLY_COLUMNS[field]}) AS ${field}`).join(', ');
  const select = db.query<NodeRow, [string, number, number]>(
    `WITH span (hours, start) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(?1))
     SELECT (SELECT name FROM node WHERE id = node_tally.node) AS name, ${sums}
       FROM span CROSS JOIN node_tally
         ON node_tally.hours = span.hours AND node_tally.start = span.start AND node_tally.node BETWEEN ?2 AND ?3
      GROUP BY node_tally.node`,
  );
  const selectLast = db.query<{ id: number | null }, []>('SELECT max(id) AS id FROM node');

  function readNodes({ added, taken }: Spans, first: number): NodeRow[] {
    const last = first + NODES_AT_ONCE - 1;
    const found = select.all(added, first, last);
    if (taken !== NO_SPANS) takeAway(found, select.all(taken, first, last));
    return found;
  }

  return function* (range: HourRange): Generator<undefined, HeldRow[]> {
    const { added, taken } = coverDays(range);
    const spans = { added: textOf(added), taken: textOf(taken) };
    const last = selectLast.get()!.id ?? 0;
    const rows: HeldRow[] = [];
    for (let first = 1; first <= last; first += NODES_AT_ONCE) {
      if (first > 1) yield;
      // The row is the tally: a copy without its name would take a third of the time.
      for (const row of readNodes(spans, first))
        if (countRuns(row) > 0) rows.push({ name: row.name, tally: row });
    }
    return rows;
  };
});

const textOf = (rows: readonly SpanRow[]): string =>
  JSON.stringify(
    rows.flatMap(({ hours, first, last }) =>
      Array.from({ length: (last - first) / hours + 1 }, (_, index) => [hours, first + index * hours]),
    ),
  );

/**
 * Takes rows away from those of the same nodes. Both are in the order of nodes, and `from` has all of them.
 */
function takeAway(from: readonly NodeRow[], less: readonly NodeRow[]): void {
  let at = 0;
  for (const row of less) {
    while (from[at]!.name !== row.name) at++;
    for (const field of HELD_FIELDS) from[at]![field] -= row[field];
  }
}
