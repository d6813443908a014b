import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import type { FindingCount, TallyFilter } from '../../../domain/store/tallies.ts';
import { coverRange, type HourRange } from '../../../domain/tally/spans.ts';
import { type CountRow, readCount } from '../../rows/finding-count.ts';
import { ANY } from '../../rows/tally.ts';
import { perConnection } from '../sql/per-connection.ts';
import { pairFinder } from './pairs.ts';

/** Pairs that one statement adds up: some milliseconds for a year. */
const PAIRS_AT_ONCE = 250;

/** Counts runs by what rules found of them, step by step. */
export const findingReader = perConnection((db: Database) => {
  const pairs = pairFinder(db);
  const select = db.query<CountRow, [string, string, number | null]>(
    `WITH pair (user, account) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(?1)),
          span (hours, first, last) AS MATERIALIZED (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2))
     SELECT (SELECT name FROM label WHERE id = kind) AS kind, severity, sum(runs) AS runs
       FROM pair CROSS JOIN span CROSS JOIN finding_tally AS tally
         ON tally.user = pair.user AND tally.account = pair.account AND tally.hours = span.hours
        AND tally.start BETWEEN span.first AND span.last
        AND iif(?3 IS NULL, tally.partition <> ${ANY}, tally.partition = ?3)
      GROUP BY tally.kind, severity`,
  );

  return function* (
    { from, to, ...filter }: TallyFilter & HourRange,
    sight: Sight,
  ): Generator<undefined, FindingCount[]> {
    const wanted = pairs.findRows({ ...filter, from, to, groupBy: 'day' }, sight);
    const spans = JSON.stringify(
      coverRange({ from, to }).map(({ hours, first, last }) => [hours, first, last]),
    );
    const counts = new Map<string, CountRow>();
    for (let at = 0; at < wanted.pairs.length; at += PAIRS_AT_ONCE) {
      if (at > 0) yield;
      const some = JSON.stringify(wanted.pairs.slice(at, at + PAIRS_AT_ONCE));
      for (const row of select.all(some, spans, wanted.partition ?? null)) {
        const key = `${row.kind} ${row.severity}`;
        counts.set(key, { ...row, runs: row.runs + (counts.get(key)?.runs ?? 0) });
      }
    }
    return [...counts.values()].filter(({ runs }) => runs > 0).map(readCount);
  };
});

/** Reads how many stored runs have each kind of finding; a few rows for any number of jobs. */
export function findingCounter(
  db: Database,
  table: 'finding_count' | 'running_finding_count',
): () => FindingCount[] {
  const select = db.query<CountRow, []>(
    `SELECT (SELECT name FROM label WHERE id = kind) AS kind, severity, runs FROM ${table} WHERE runs > 0`,
  );
  return () => select.all().map(readCount);
}
