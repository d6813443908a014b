import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { checkDatabase } from '../../../../src/store/sqlite/care/check.ts';
import { rehearseUpgrade } from '../../../../src/store/sqlite/care/rehearse.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { MIGRATIONS } from '../../../../src/store/sqlite/migrations/index.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';

const DAY_MS = 86_400_000;

/**
 * A database with a job that has chunks, quarters, further measures, findings and tallies, and rows in the
 * log.
 */
async function prepare() {
  const folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openSqlite(path);
  await store.createJobs([
    {
      ...{ id: '1', user: 'alice', nodes: ['n1'], state: 'completed', startTimeMs: NOON_MS },
      ...{ endTimeMs: NOON_MS + 4_000_000, details: { cpus: 8, partition: 'batch' } },
    },
    { id: '2', user: 'bob', nodes: ['n2'], state: 'running', startTimeMs: NOON_MS },
  ]);
  const record = (jobId: string, count: number, fromMs: number) =>
    store.recordSamples(
      Array.from({ length: count }, (_, at) => ({
        ...{ jobId, timeMs: fromMs + at * 1000, cpuUsage: 1, memoryUsageMb: at, stamped: false },
      })),
    );
  await record('1', 4000, NOON_MS);
  while (await store.expire({}, NOON_MS + DAY_MS));
  await record('2', 10, NOON_MS + DAY_MS);
  await store.close();
  return { folder, path };
}

const damagesOf = async (path: string) =>
  (await checkDatabase(path)).flatMap(({ part, damages }) => damages.map((text) => `${part}: ${text}`));

function change(path: string, sql: string): void {
  using db = new Database(path);
  db.run('PRAGMA foreign_keys = OFF');
  db.run(sql);
}

test('a sound database has no damages, and says what was looked at', async () => {
  const { folder, path } = await prepare();
  using _ = folder;
  const files = readdirSync(folder.path);
  const checked = await checkDatabase(path);
  expect(checked.flatMap(({ damages }) => damages)).toEqual([]);
  expect(checked.map(({ part }) => part)).toEqual(['pages and indexes', 'references', 'counts', 'samples']);
  expect(checked[2]!.looked).toBe('2 jobs');
  // Three chunks and their quarters, the newest row that was sealed, and one that was not.
  expect(checked[3]!.looked).toBe('8 blobs');
  expect(readdirSync(folder.path)).toEqual(files);
});

test.each([
  [
    'a damaged chunk',
    "UPDATE chunk SET data = cast(substr(data, 1, 60) || x'ff' || substr(data, 62) AS BLOB) WHERE seq = (SELECT max(seq) FROM chunk)",
    /^samples: chunks of samples, job 1 on n1 from 2026-01-20T12:\d\d:\d\dZ: .*checksum is wrong/,
  ],
  [
    'damaged quarters',
    "UPDATE chunk_point SET points = x'0102'",
    /^samples: quarters, chunk 1: .*unknown version/,
  ],
  ['a short row of the log', 'UPDATE log SET data = substr(data, 9)', /^samples: rows of the log, row \d+: /],
  [
    'a wrong count of jobs',
    'UPDATE job_count SET jobs = 7 WHERE state = 1 AND node = 0 AND user = 0',
    /^counts: jobs by state, state 1: 7 are kept, 1 are counted/,
  ],
  [
    'a wrong count of findings',
    'UPDATE finding_count SET runs = 9',
    /^counts: runs by finding, [a-z-]+: 9 are kept/,
  ],
  ['a chunk of no series', 'DELETE FROM usage', /^references: Row \d+ of \w+ refers to a row that usage/],
])('%s is found', async (_, sql, expected) => {
  const { folder, path } = await prepare();
  using __ = folder;
  change(path, sql);
  expect((await damagesOf(path))[0]).toMatch(expected);
});

test('overwritten pages are found', async () => {
  const { folder, path } = await prepare();
  using _ = folder;
  const file = openSync(path, 'r+');
  for (let page = 40; page < 60; page++) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  closeSync(file);
  expect((await damagesOf(path).catch(({ message }: Error) => [message]))[0]).toMatch(
    /pages and indexes|damaged|malformed/,
  );
});

test('a rehearsal migrates a copy and leaves the database and its folder as they are', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  using db = openForWriting(path);
  migrate(db, path, MIGRATIONS.slice(0, 20));
  const files = readdirSync(folder.path);
  expect(await rehearseUpgrade(path)).toMatchObject({ from: 20, to: MIGRATIONS.length });
  expect((await rehearseUpgrade(path)).migrateSeconds).toBeGreaterThan(0);
  expect(readdirSync(folder.path)).toEqual(files);
  expect(db.query('PRAGMA user_version').get()).toEqual({ user_version: 20 });
  migrate(db, path);
  expect((await rehearseUpgrade(path)).migrateSeconds).toBe(0);
});
