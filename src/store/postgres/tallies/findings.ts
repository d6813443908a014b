import type { Sight } from '../../../domain/caller.ts';
import type { FindingCount, TallyFilter } from '../../../domain/store/tallies.ts';
import { coverRange, type HourRange } from '../../../domain/tally/spans.ts';
import { type CountRow, readCount } from '../../rows/finding-count.ts';
import { RUNNING } from '../../rows/states.ts';
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

/** Counts running jobs that somebody may see by what rules find of them. */
export async function countRunningFindings(
  db: Queries,
  { user, account, partition }: TallyFilter = {},
  sight: Sight = 'all',
): Promise<FindingCount[]> {
  const label = (id: string) => `(SELECT name FROM label WHERE id = ${id})`;
  const rows = await db.all<CountRow>(
    `SELECT ${label('kind')} AS kind, severity, count(*) AS runs
       FROM (SELECT run, kind, severity, (SELECT name FROM user_name WHERE id = job.user) AS owner,
                    ${label('detail.account')} AS account, ${label('detail.partition')} AS partition
               FROM running_finding JOIN job ON job.seq = run AND job.state = ${RUNNING}
                    LEFT JOIN detail ON detail.job = run) AS found
      WHERE ($1::text IS NULL OR owner = $1) AND ($2::text IS NULL OR account = $2) AND ($3::text IS NULL OR partition = $3)
        AND ($4::text IS NULL OR owner = $4 OR account = ANY($5::text[]))
      GROUP BY kind, severity`,
    [
      ...[user ?? null, account ?? null, partition ?? null],
      ...(sight === 'all' ? [null, []] : [sight.user, sight.accounts]),
    ],
  );
  return rows.map(readCount);
}
