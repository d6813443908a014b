import type { Database } from 'bun:sqlite';
import { type Checked, type CheckOptions, MAX_NAMED } from '../../../domain/checked.ts';
import { readPragma } from '../file/connection.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { checkBlobs } from './blobs.ts';
import { openSource } from './copy.ts';

const RECOVER =
  'Restore a backup (hpc-observe restore), or save what is readable: sqlite3 FILE .recover | sqlite3 NEW, and start with the new file.';

/**
 * Checks a database, also while a service writes to it: its pages and indexes, references between rows,
 * counts against what they count, and whether every blob can be read. Changes nothing. OperatorError if it is
 * not a database of hpc-observe.
 */
export async function checkDatabase(path: string, options: CheckOptions = {}): Promise<Checked[]> {
  options.onProgress?.(0, 'pages and indexes');
  const db = openSource(path);
  try {
    const version = readPragma(db, 'user_version');
    const pages = checkPages(db);
    if (version !== MIGRATIONS.length) {
      const looked = `version ${version} of the schema; this hpc-observe has ${MIGRATIONS.length}`;
      return [
        pages,
        { part: 'rows', looked: `${looked}, so that only pages were checked`, damages: [], advice: '' },
      ];
    }
    return [pages, checkReferences(db), checkCounts(db), await checkBlobs(db, options)];
  } finally {
    db.close();
  }
}

function checkPages(db: Database): Checked {
  const found = db.query<{ integrity_check: string }, []>(`PRAGMA integrity_check(${MAX_NAMED})`).all();
  const damages = found.map((row) => row.integrity_check).filter((text) => text !== 'ok');
  return {
    part: 'pages and indexes',
    looked: `${readPragma(db, 'page_count')} pages`,
    damages,
    advice: RECOVER,
  };
}

function checkReferences(db: Database): Checked {
  const damages: string[] = [];
  for (const { table, rowid, parent } of db
    .query<{ table: string; rowid: number | null; parent: string }, []>('PRAGMA foreign_key_check')
    .iterate()) {
    damages.push(`Row ${rowid ?? '?'} of ${table} refers to a row that ${parent} does not have.`);
    if (damages.length === MAX_NAMED) break;
  }
  const { tables } = db
    .query<{ tables: number }, []>("SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table'")
    .get()!;
  return { part: 'references', looked: `${tables} tables`, damages, advice: RECOVER };
}

/** Each compares what is kept with what is counted now; a row is a difference. */
const COUNTS: readonly [what: string, sql: string][] = [
  [
    'jobs by state',
    `SELECT 'state ' || state AS name, kept, found FROM (
       SELECT state, sum(kept) AS kept, sum(found) AS found FROM (
         SELECT state, jobs AS kept, 0 AS found FROM job_count WHERE node = 0 AND user = 0
         UNION ALL SELECT state, 0, count(*) FROM job GROUP BY state)
       GROUP BY state)
     WHERE kept <> found`,
  ],
  [
    'jobs by state and user',
    `SELECT 'user ' || coalesce((SELECT name FROM user WHERE id = user), user) || ', state ' || state AS name, kept, found
       FROM (
         SELECT user, state, sum(kept) AS kept, sum(found) AS found FROM (
           SELECT user, state, jobs AS kept, 0 AS found FROM job_count WHERE node = 0 AND user <> 0
           UNION ALL SELECT user, state, 0, count(*) FROM job GROUP BY user, state)
         GROUP BY user, state)
     WHERE kept <> found`,
  ],
  [
    'runs by finding',
    `SELECT coalesce((SELECT name FROM label WHERE id = kind), kind) AS name, kept, found FROM (
       SELECT kind, sum(kept) AS kept, sum(found) AS found FROM (
         SELECT kind, runs AS kept, 0 AS found FROM finding_count
         UNION ALL SELECT kind, 0, count(*) FROM run_finding GROUP BY kind)
       GROUP BY kind)
     WHERE kept <> found`,
  ],
  [
    'running jobs by finding',
    `SELECT coalesce((SELECT name FROM label WHERE id = kind), kind) AS name, kept, found FROM (
       SELECT kind, sum(kept) AS kept, sum(found) AS found FROM (
         SELECT kind, runs AS kept, 0 AS found FROM running_finding_count
         UNION ALL SELECT kind, 0, count(*) FROM running_finding GROUP BY kind)
       GROUP BY kind)
     WHERE kept <> found`,
  ],
  [
    'tallied runs',
    // Deleted runs stay in the tallies, so these may have more.
    `SELECT 'ended runs' AS name, kept, found FROM (
       SELECT (SELECT ifnull(sum(completed + failed + cancelled), 0) FROM tally
                WHERE user = -1 AND account = -1 AND partition = -1
                  AND hours = (SELECT max(hours) FROM tally)) AS kept,
              (SELECT ifnull(sum(completed + failed + cancelled), 0) FROM tallied) AS found)
     WHERE kept < found`,
  ],
];

function checkCounts(db: Database): Checked {
  const damages: string[] = [];
  // One snapshot, so that what is written meanwhile is no difference.
  const run = db.transaction(() => {
    for (const [what, sql] of COUNTS) {
      for (const { name, kept, found } of db
        .query<{ name: string; kept: number; found: number }, []>(sql)
        .all()
        .slice(0, MAX_NAMED - damages.length)) {
        damages.push(`${what}, ${name}: ${kept} are kept, ${found} are counted.`);
      }
    }
    return db.query<{ jobs: number }, []>('SELECT count(*) AS jobs FROM job').get()!.jobs;
  });
  const jobs = run();
  return {
    part: 'counts',
    looked: `${jobs} jobs`,
    damages,
    advice:
      'Report this as a fault of hpc-observe, with the versions of its log. The jobs themselves are complete.',
  };
}
