import type { HeldRow } from '../../../domain/store/tallies.ts';
import { coverDays, type HourRange } from '../../../domain/tally/spans.ts';
import { countRuns, HELD_FIELDS, type HeldTally, TALLY_COLUMNS } from '../../../domain/tally/tally.ts';
import type { Queries } from '../sql/queries.ts';

const SUMS = HELD_FIELDS.map(
  (field) => `sum(span.sign * ${TALLY_COLUMNS[field]})::bigint AS "${field}"`,
).join(', ');

/** Sums tallies by node. */
export async function readNodeTallies(db: Queries, range: HourRange): Promise<HeldRow[]> {
  const { added, taken } = coverDays(range);
  const spans = [...added, ...taken];
  const rows = await db.all<HeldTally & { name: string; node: number }>(
    `SELECT node_name.name, summed.* FROM (
       SELECT node_tally.node, ${SUMS}
         FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[]) AS span (hours, first, last, sign)
         JOIN node_tally ON node_tally.hours = span.hours AND node_tally.start BETWEEN span.first AND span.last
        GROUP BY node_tally.node) AS summed JOIN node_name ON node_name.id = summed.node`,
    [
      spans.map(({ hours }) => hours),
      spans.map(({ first }) => first),
      spans.map(({ last }) => last),
      spans.map((_, at) => (at < added.length ? 1 : -1)),
    ],
  );
  return rows
    .map(({ name, node: _, ...tally }) => ({ name, tally }))
    .filter(({ tally }) => countRuns(tally) > 0);
}
