import type { TallyRow } from '../../../domain/store/tallies.ts';
import { coverRange, type HourRange } from '../../../domain/tally/spans.ts';
import { countRuns, TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../../domain/tally/tally.ts';
import type { Queries } from '../sql/queries.ts';

const SUMS = TALLY_FIELDS.map((field) => `sum(${TALLY_COLUMNS[field]})::bigint AS "${field}"`).join(', ');

/** Sums tallies by node. */
export async function readNodeTallies(db: Queries, range: HourRange): Promise<TallyRow[]> {
  const spans = coverRange(range);
  const rows = await db.all<Tally & { name: string; node: number }>(
    `SELECT node_name.name, summed.* FROM (
       SELECT node_tally.node, ${SUMS}
         FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS span (hours, first, last)
         JOIN node_tally ON node_tally.hours = span.hours AND node_tally.start BETWEEN span.first AND span.last
        GROUP BY node_tally.node) AS summed JOIN node_name ON node_name.id = summed.node`,
    [spans.map(({ hours }) => hours), spans.map(({ first }) => first), spans.map(({ last }) => last)],
  );
  return rows
    .map(({ name, node: _, ...tally }) => ({ name, tally }))
    .filter(({ tally }) => countRuns(tally) > 0);
}
