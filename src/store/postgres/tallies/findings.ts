import type { Sight } from '../../../domain/caller.ts';
import type { FindingCount, TallyFilter } from '../../../domain/store/tallies.ts';
import { coverRange, type HourRange } from '../../../domain/tally/spans.ts';
import { type CountRow, readCount } from '../../rows/finding-count.ts';
import { ANY } from '../../rows/tally.ts';
import type { Queries } from '../sql/queries.ts';
import { findRows } from './pairs.ts';

const KIND = '(SELECT name FROM label WHERE id = kind) AS kind';

/** Counts runs by what rules found of them. */
export async function sumFindings(
  db: Queries,
  { from, to, ...filter }: TallyFilter & HourRange,
  sight: Sight,
): Promise<FindingCount[]> {
  const { pairs, partition } = await findRows(db, { ...filter, from, to, groupBy: 'day' }, sight);
  if (pairs.length === 0) return [];
  const spans = coverRange({ from, to });
  const rows = await db.all<CountRow>(
    `SELECT ${KIND}, severity, runs FROM (
       SELECT tally.kind, tally.severity, sum(runs)::bigint AS runs
         FROM unnest($1::integer[], $2::integer[]) AS pair ("user", account)
        CROSS JOIN unnest($3::integer[], $4::integer[], $5::integer[]) AS span (hours, first, last)
         JOIN finding_tally AS tally
           ON tally.user = pair.user AND tally.account = pair.account AND tally.hours = span.hours
          AND tally.start BETWEEN span.first AND span.last
          AND CASE WHEN $6::integer IS NULL THEN tally.partition <> ${ANY} ELSE tally.partition = $6::integer END
        GROUP BY tally.kind, tally.severity) AS summed WHERE runs > 0`,
    [
      pairs.map(([user]) => user),
      pairs.map(([, account]) => account),
      spans.map(({ hours }) => hours),
      spans.map(({ first }) => first),
      spans.map(({ last }) => last),
      partition ?? null,
    ],
  );
  return rows.map(readCount);
}

/** Reads how many stored runs have each kind of finding; a few rows for any number of jobs. */
export async function countFindings(db: Queries): Promise<FindingCount[]> {
  const rows = await db.all<CountRow>(`SELECT ${KIND}, severity, runs FROM finding_count WHERE runs > 0`);
  return rows.map(readCount);
}
