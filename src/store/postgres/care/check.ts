import { type Checked, type CheckOptions, MAX_NAMED } from '../../../domain/checked.ts';
import { withoutPassword } from '../../../domain/database-address.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { openClient, requireServer } from '../server/connect.ts';
import { explainOpenError } from '../server/errors.ts';
import { readVersion } from '../server/migrate.ts';
import { type Queries, queriesOf } from '../sql/queries.ts';
import { checkBlobs } from './blobs.ts';

const PAGES: Checked = {
  part: 'pages and indexes',
  looked: 'not looked at, because the server has a program for it: pg_amcheck',
  damages: [],
  advice: '',
};

/**
 * Checks a PostgreSQL database, also while a service writes to it: counts against what they count, and
 * whether every blob can be read. Changes nothing. Rejects with OperatorError if it is not a database of
 * hpc-observe.
 */
export async function checkDatabase(address: string, options: CheckOptions = {}): Promise<Checked[]> {
  const name = withoutPassword(address);
  const client = openClient(address, 1);
  try {
    const connection = await client.reserve();
    await requireServer(connection, name);
    const db = queriesOf(connection);
    const version = await readVersion(db);
    if (version === 0) throw new OperatorError(`${name} has no tables of hpc-observe.`);
    if (version !== MIGRATIONS.length) {
      const looked = `version ${version} of the schema; this hpc-observe has ${MIGRATIONS.length}`;
      return [{ part: 'rows', looked: `${looked}, so that nothing was checked`, damages: [], advice: '' }];
    }
    options.onProgress?.(0, 'counts');
    return [PAGES, await checkCounts(db), await checkBlobs(db, options)];
  } catch (error) {
    throw explainOpenError(name, error) ?? error;
  } finally {
    await client.close({ timeout: 0 });
  }
}

/** Each compares what is kept with what is counted now; a row is a difference. */
const COUNTS: readonly [what: string, sql: string][] = [
  [
    'jobs by state',
    `SELECT 'state ' || state AS name, kept, found FROM (
       SELECT state, sum(kept)::bigint AS kept, sum(found)::bigint AS found FROM (
         SELECT state, jobs AS kept, 0 AS found FROM job_count WHERE node = 0 AND "user" = 0
         UNION ALL SELECT state, 0, count(*) FROM job GROUP BY state) AS both_counts
       GROUP BY state) AS sums
     WHERE kept <> found`,
  ],
  [
    'jobs by state and user',
    `SELECT 'user ' || coalesce((SELECT name FROM user_name WHERE id = "user"), "user"::text) || ', state ' || state AS name, kept, found
       FROM (
         SELECT "user", state, sum(kept)::bigint AS kept, sum(found)::bigint AS found FROM (
           SELECT "user", state, jobs AS kept, 0 AS found FROM job_count WHERE node = 0 AND "user" <> 0
           UNION ALL SELECT "user", state, 0, count(*) FROM job GROUP BY "user", state) AS both_counts
         GROUP BY "user", state) AS sums
     WHERE kept <> found`,
  ],
  [
    'runs by finding',
    `SELECT coalesce((SELECT name FROM label WHERE id = kind), kind::text) AS name, kept, found FROM (
       SELECT kind, sum(kept)::bigint AS kept, sum(found)::bigint AS found FROM (
         SELECT kind, runs AS kept, 0 AS found FROM finding_count
         UNION ALL SELECT kind, 0, count(*) FROM run_finding GROUP BY kind) AS both_counts
       GROUP BY kind) AS sums
     WHERE kept <> found`,
  ],
  [
    'tallied runs',
    // Deleted runs stay in the tallies, so these may have more.
    `SELECT 'ended runs' AS name, kept, found FROM (
       SELECT (SELECT coalesce(sum(completed + failed + cancelled), 0)::bigint FROM tally
                WHERE "user" = -1 AND account = -1 AND partition = -1
                  AND hours = (SELECT max(hours) FROM tally)) AS kept,
              (SELECT coalesce(sum(completed + failed + cancelled), 0)::bigint FROM tallied) AS found) AS sums
     WHERE kept < found`,
  ],
];

async function checkCounts(db: Queries): Promise<Checked> {
  const damages: string[] = [];
  // One snapshot, so that what is written meanwhile is no difference.
  await db.change('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  for (const [what, sql] of COUNTS) {
    const rows = await db.all<{ name: string; kept: number; found: number }>(sql);
    for (const { name, kept, found } of rows.slice(0, MAX_NAMED - damages.length))
      damages.push(`${what}, ${name}: ${kept} are kept, ${found} are counted.`);
  }
  const { jobs } = (await db.get<{ jobs: number }>('SELECT count(*) AS jobs FROM job'))!;
  await db.change('ROLLBACK');
  return {
    part: 'counts',
    looked: `${jobs} jobs`,
    damages,
    advice:
      'Report this as a fault of hpc-observe, with the versions of its log. The jobs themselves are complete.',
  };
}
