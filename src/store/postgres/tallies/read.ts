import type { Sight } from '../../../domain/caller.ts';
import type { TallyGroup, TallyQuery, TallyRow } from '../../../domain/store/tallies.ts';
import { coverRange, DAY, msOfHour } from '../../../domain/tally/spans.ts';
import { countRuns, TALLY_COLUMNS, TALLY_FIELDS, type Tally } from '../../../domain/tally/tally.ts';
import { formatTime } from '../../../domain/time.ts';
import { ANY } from '../../rows/tally.ts';
import type { Queries } from '../sql/queries.ts';
import { findRows } from './pairs.ts';

const KEYS: Record<TallyGroup, string> = {
  user: 'tally.user',
  account: 'tally.account',
  partition: 'tally.partition',
  day: 'tally.start',
};
const NAMES: Record<TallyGroup, string> = {
  user: '(SELECT name FROM user_name WHERE id = key)',
  account: '(SELECT name FROM label WHERE id = key)',
  partition: '(SELECT name FROM label WHERE id = key)',
  day: 'NULL::text',
};
const SUMS = TALLY_FIELDS.map((field) => `sum(tally.${TALLY_COLUMNS[field]})::bigint AS "${field}"`).join(
  ', ',
);

const spansOf = ({ groupBy, from, to }: TallyQuery) =>
  groupBy === 'day' ? [{ hours: DAY, first: from, last: to - DAY }] : coverRange({ from, to });

/** Sums tallies by what the query groups by. */
export async function readTallies(db: Queries, query: TallyQuery, sight: Sight): Promise<TallyRow[]> {
  const { pairs, partition } = await findRows(db, query, sight);
  if (pairs.length === 0) return [];
  const spans = spansOf(query);
  const rows = await db.all<Tally & { key: number; name: string | null }>(
    `SELECT ${NAMES[query.groupBy]} AS name, summed.* FROM (
       SELECT ${KEYS[query.groupBy]} AS key, ${SUMS}
         FROM unnest($1::integer[], $2::integer[]) AS pair ("user", account)
        CROSS JOIN unnest($3::integer[], $4::integer[], $5::integer[]) AS span (hours, first, last)
         JOIN tally ON tally.user = pair.user AND tally.account = pair.account AND tally.hours = span.hours
          AND tally.start BETWEEN span.first AND span.last
          AND CASE WHEN $6::integer IS NULL THEN tally.partition <> ${ANY} ELSE tally.partition = $6::integer END
        GROUP BY ${KEYS[query.groupBy]}) AS summed`,
    [
      pairs.map(([user]) => user),
      pairs.map(([, account]) => account),
      spans.map(({ hours }) => hours),
      spans.map(({ first }) => first),
      spans.map(({ last }) => last),
      partition ?? null,
    ],
  );
  return rows
    .map(({ key, name, ...tally }) => ({ name: query.groupBy === 'day' ? dayOf(key) : name, tally }))
    .filter(({ tally }) => countRuns(tally) > 0)
    .map(({ name, tally }) => (name === null ? { tally } : { name, tally }));
}

const dayOf = (hour: number): string => formatTime(msOfHour(hour)).slice(0, 'YYYY-MM-DD'.length);
