import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { checkDatabase } from '../../../../src/store/sqlite/care/check.ts';
import { copyDatabase } from '../../../../src/store/sqlite/care/copy.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';

const job = (id: string) => ({
  id,
  user: 'alice',
  nodes: ['n1'],
  state: 'running' as const,
  startTimeMs: NOON_MS,
});

function countJobs(path: string): number {
  using db = new Database(path, { readonly: true });
  return db.query<{ jobs: number }, []>('SELECT count(*) AS jobs FROM job').get()!.jobs;
}

test('copies of a database that is written all the time are whole, and have what was acknowledged before', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openSqlite(path);
  let acknowledged = 0;
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      // Some groups are larger than the log may become before it is moved into the database.
      const jobs = acknowledged % 3 === 0 ? 2000 : 1;
      await store.createJobs(Array.from({ length: jobs }, (_, at) => job(`${acknowledged + at}`)));
      acknowledged += jobs;
    }
  })();
  for (let round = 0; round < 8; round++) {
    const least = acknowledged;
    const copied = await copyDatabase(path, folder.file('copy.db'), { bytesPerSecond: 60e6 });
    expect(copied.jobs).toBeGreaterThanOrEqual(least);
    expect(countJobs(folder.file('copy.db'))).toBe(copied.jobs);
    const damages = (await checkDatabase(folder.file('copy.db'))).flatMap((part) => part.damages);
    expect(damages).toEqual([]);
    // The log is empty, so that the next copy begins while all of it is in the database.
    if (round % 2 === 0) moveLog(path);
  }
  isOver = true;
  await writing;
  await store.close();
  expect(readdirSync(folder.path).filter((name) => name.startsWith('copy'))).toEqual(['copy.db']);
});

function moveLog(path: string): void {
  using db = new Database(path);
  db.run('PRAGMA busy_timeout = 2000');
  db.run('PRAGMA wal_checkpoint(RESTART)');
}

test('the log of a service that was killed is part of the copy', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openSqlite(path);
  await store.createJobs([job('1'), job('2')]);
  expect((await copyDatabase(path, folder.file('copy.db'))).jobs).toBe(2);
  await store.close();
  expect(countJobs(folder.file('copy.db'))).toBe(2);
});

test('a copy is no faster than its rate', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openSqlite(path);
  await store.createJobs(Array.from({ length: 5000 }, (_, at) => job(`${at}`)));
  await store.close();
  const startedMs = performance.now();
  const { bytes } = await copyDatabase(path, folder.file('copy.db'), { bytesPerSecond: 4e6 });
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual((bytes / 4e6) * 1000 - 1);
});

test.each([
  ['that is missing', () => {}, 'There is no file'],
  ['of text', (path: string) => writeFileSync(path, 'not a database'.repeat(100)), 'is not a database'],
  ['of another program', otherProgram, 'is not a database of hpc-observe'],
])('a file %s is not copied, and nothing is left', async (_, prepare, message) => {
  using folder = temporaryFolder();
  prepare(folder.file('a.db'));
  const before = readdirSync(folder.path);
  await expect(copyDatabase(folder.file('a.db'), folder.file('copy.db'))).rejects.toThrow(message);
  expect(readdirSync(folder.path)).toEqual(before);
});

function otherProgram(path: string): void {
  using db = new Database(path, { create: true });
  db.run('CREATE TABLE thing (name TEXT)');
}

test('a copy of a database that lost pages is refused', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openSqlite(path);
  await store.createJobs(Array.from({ length: 2000 }, (_, at) => job(`${at}`)));
  await store.close();
  truncateSync(path, 200_000);
  await expect(copyDatabase(path, folder.file('copy.db'))).rejects.toThrow('damaged');
  expect(readdirSync(folder.path).filter((name) => name.startsWith('copy'))).toEqual([]);
});
