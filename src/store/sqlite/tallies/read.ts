import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import type { TallyGroup, TallyQuery, TallyRow } from '../../../domain/store/tallies.ts';
import { coverRange, DAY, msOfHour } from '../../../domain/tally/spans.ts';
import {
  addTallies,
  countRuns,
  TALLY_COLUMNS,
  TALLY_FIELDS,
  type Tally,
} from '../../../domain/tally/tally.ts';
import { formatTime } from '../../../domain/time.ts';
import { ANY } from '../../rows/tally.ts';
import { perConnection } from '../sql/per-connection.ts';
import { type Pair, pairFinder } from './pairs.ts';

/** Pairs that one statement adds up: some milliseconds for a year. */
const PAIRS_AT_ONCE = 250;

const KEYS: Record<TallyGroup, string> = {
  user: 'tally.user',
  account: 'tally.account',
  partition: 'tally.partition',
  day: 'tally.start',
};

/** Sums tallies, step by step. */
export const tallyReader = perConnection((db: Database) => {
  const pairs = pairFinder(db);
  const sums = TALLY_FIELDS.map((field) => `sum(tally.${TALLY_COLUMNS[field]}) AS ${field}`).join(', ');
  const select = (key: string) =>
    db.query<Tally & { key: number }, [string, string, number | null]>(
      `WITH pair (user, account) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(?1)),
            span (hours, first, last) AS MATERIALIZED (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2))
       SELECT ${key} AS key, ${sums}
         FROM pair CROSS JOIN span CROSS JOIN tally
           ON tally.user = pair.user AND tally.account = pair.account AND tally.hours = span.hours
          AND tally.start BETWEEN span.first AND span.last
          AND iif(?3 IS NULL, tally.partition <> ${ANY}, tally.partition = ?3)
        GROUP BY ${key}`,
    );
  const selects = {
    user: select(KEYS.user),
    account: select(KEYS.account),
    partition: select(KEYS.partition),
    day: select(KEYS.day),
  };
  const selectUser = db.query<{ name: string }, [number]>('SELECT name FROM user WHERE id = ?');
  const selectLabel = db.query<{ name: string }, [number]>('SELECT name FROM label WHERE id = ?');

  function nameOf(groupBy: TallyGroup, key: number): string | undefined {
    if (groupBy === 'day') return formatTime(msOfHour(key)).slice(0, 'YYYY-MM-DD'.length);
    return (groupBy === 'user' ? selectUser : selectLabel).get(key)?.name;
  }

  const spansOf = ({ groupBy, from, to }: TallyQuery): string => {
    const rows = groupBy === 'day' ? [{ hours: DAY, first: from, last: to - DAY }] : coverRange({ from, to });
    return JSON.stringify(rows.map(({ hours, first, last }) => [hours, first, last]));
  };

  function* sum(query: TallyQuery, sight: Sight): Generator<undefined, Map<number, Tally>> {
    const { pairs: wanted, partition } = pairs.findRows(query, sight);
    const found = new Map<number, Tally>();
    const spans = spansOf(query);
    for (let at = 0; at < wanted.length; at += PAIRS_AT_ONCE) {
      if (at > 0) yield;
      const some: readonly Pair[] = wanted.slice(at, at + PAIRS_AT_ONCE);
      for (const { key, ...tally } of selects[query.groupBy].all(
        JSON.stringify(some),
        spans,
        partition ?? null,
      )) {
        const known = found.get(key);
        found.set(key, known ? addTallies(known, tally) : tally);
      }
    }
    return found;
  }

  return function* (query: TallyQuery, sight: Sight): Generator<undefined, TallyRow[]> {
    const found = yield* sum(query, sight);
    return [...found]
      .filter(([, tally]) => countRuns(tally) > 0)
      .map(([key, tally]) => {
        const name = nameOf(query.groupBy, key);
        return name === undefined ? { tally } : { name, tally };
      });
  };
});
