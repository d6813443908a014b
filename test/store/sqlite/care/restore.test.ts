import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { copyDatabase } from '../../../../src/store/sqlite/care/copy.ts';
import { restoreDatabase } from '../../../../src/store/sqlite/care/restore.ts';
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

/** A folder with a database of job 1, its backup, and job 2 in the database since. */
async function prepare() {
  const folder = temporaryFolder();
  const [path, backup] = [folder.file('a.db'), folder.file('backup.db')];
  const store = await openSqlite(path);
  await store.createJobs([job('1')]);
  await copyDatabase(path, backup);
  await store.createJobs([job('2')]);
  return { folder, path, backup, store };
}

async function idsOf(path: string): Promise<string[]> {
  const store = await openSqlite(path);
  const ids = (await store.listJobs({}, { limit: 10 })).jobs.map(({ id }) => id).sort();
  await store.close();
  return ids;
}

test('a backup takes the place of the database, which stays beside it with its log', async () => {
  const { folder, path, backup, store } = await prepare();
  using _ = folder;
  await store.close();
  const { before, jobs } = await restoreDatabase(backup, path, NOON_MS);
  expect({ before, jobs }).toEqual({ before: `${path}.before-2026-01-20T120000Z`, jobs: 1 });
  expect(await idsOf(path)).toEqual(['1']);
  expect(await idsOf(before!)).toEqual(['1', '2']);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder.path).filter((name) => /restored|partial/.test(name))).toEqual([]);
});

test('where there was no database, the backup becomes it', async () => {
  const { folder, backup, store } = await prepare();
  using _ = folder;
  await store.close();
  expect((await restoreDatabase(backup, folder.file('new.db'), NOON_MS)).before).toBeUndefined();
  expect(await idsOf(folder.file('new.db'))).toEqual(['1']);
});

test('a database in use is not replaced', async () => {
  const { folder, path, backup, store } = await prepare();
  using _ = folder;
  await expect(restoreDatabase(backup, path, NOON_MS)).rejects.toThrow('systemctl stop');
  expect(await store.getJob('2')).toBeDefined();
  await store.close();
});

test.each([
  ['another file', (backup: string) => writeFileSync(backup, 'x'.repeat(5000)), 'is not a database'],
  ['one of a newer version', writeNewer, 'knows versions up to'],
])('%s is not restored, and the database stays as it is', async (_, spoil, message) => {
  const { folder, path, backup, store } = await prepare();
  using __ = folder;
  await store.close();
  spoil(backup);
  await expect(restoreDatabase(backup, path, NOON_MS)).rejects.toThrow(message);
  expect(existsSync(`${path}.restored`)).toBe(false);
  expect(await idsOf(path)).toEqual(['1', '2']);
});

function writeNewer(backup: string): void {
  using db = new Database(backup);
  db.run('PRAGMA user_version = 999');
}
