import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import type { Notice } from '../../../../src/domain/store/upkeep.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { codeOf, pastJob, sample } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';

/** Opens a store with job a on a file that can be moved away. */
async function openedStore() {
  const folder = temporaryFolder();
  const notices: Notice[] = [];
  const path = folder.file('a.db');
  const store = await openSqlite(path, { onNotice: (notice) => void notices.push(notice) });
  await store.createJobs([pastJob('a')]);
  return {
    folder,
    path,
    store,
    notices,
    /** How a write, a probe and a read on a connection of its own end. */
    codes: async () => [
      await codeOf(store.recordSample('a', sample(1))),
      await codeOf(store.checkWritable()),
      await codeOf(Array.fromAsync(store.liveSeries(0))),
    ],
    async [Symbol.asyncDispose]() {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}

const LOST = ['unavailable', 'unavailable', 'unavailable'];
const FOUND = ['none', 'none', 'none'];

/** Reads the ids of jobs in a database file as another program would. */
function idsIn(path: string): unknown[] {
  using db = new Database(path, { readonly: true });
  return db.query('SELECT id FROM job ORDER BY id').values().flat();
}

test.each(['a.db', 'a.db-wal', 'a.db-shm'])(
  'while %s is moved away every write is refused, and accepted once it is back',
  async (name) => {
    await using opened = await openedStore();
    const { folder, store, notices } = opened;
    renameSync(folder.file(name), folder.file('elsewhere'));
    for (let time = 0; time < 3; time++) expect(await opened.codes()).toEqual(LOST);
    const removed = `${folder.file(name)} was removed or renamed while it was open, and nothing can be stored. Move it back`;
    expect(notices).toEqual([
      { level: 'error', event: 'database_lost', message: expect.stringContaining(removed) },
    ]);
    renameSync(folder.file('elsewhere'), folder.file(name));
    expect(await opened.codes()).toEqual(FOUND);
    expect(notices.slice(1)).toEqual([
      {
        level: 'info',
        event: 'database_back',
        message: `${opened.path} is back; writes are stored again.`,
      },
    ]);
    // The one that was acknowledged, and none of the three that were refused.
    expect((await store.listSamples('a', {}, 10)).total).toBe(1);
  },
);

test('a database put in the place of the open one is neither written nor read', async () => {
  const opened = await openedStore();
  const { folder, path, store, notices } = opened;
  await (await openSqlite(folder.file('other.db'))).close();
  const other = await openSqlite(folder.file('other.db'));
  await other.createJobs([pastJob('of another')]);
  await other.close();
  renameSync(folder.file('other.db'), path);
  expect(await opened.codes()).toEqual(LOST);
  expect(notices).toEqual([
    {
      level: 'error',
      event: 'database_lost',
      message: expect.stringContaining(`${path} was replaced by another file`),
    },
  ]);
  // What was in the log is in the file that is open; beside the other one a log would be taken for its own.
  expect(statSync(`${path}-wal`).size).toBe(0);
  expect(await codeOf(store.createJob({ id: 'b', user: 'alice', nodes: ['n1'] }, NOON_MS))).toBe(
    'unavailable',
  );
  await store.close();
  expect(idsIn(path)).toEqual(['of another']);
  folder[Symbol.dispose]();
});

test('a copy put in the place of the open database keeps its own log', async () => {
  await using opened = await openedStore();
  const { folder, path, store } = opened;
  const writer = new Database(folder.file('other.db'), { create: true });
  writer.run('PRAGMA journal_mode = WAL');
  writer.run("CREATE TABLE job (id TEXT); INSERT INTO job VALUES ('in the log')");
  for (const suffix of ['', '-wal']) {
    copyFileSync(folder.file(`other.db${suffix}`), folder.file('copy'));
    renameSync(folder.file('copy'), `${path}${suffix}`);
  }
  writer.close();
  expect(await opened.codes()).toEqual(LOST);
  await store.close();
  expect(existsSync(`${path}-wal`)).toBe(true);
  rmSync(`${path}-shm`, { force: true });
  expect(idsIn(path)).toEqual(['in the log']);
});

test('acknowledged writes are in the file that was moved away, even without its log', async () => {
  await using opened = await openedStore();
  const { folder, path, store } = opened;
  renameSync(path, folder.file('moved.db'));
  expect(await opened.codes()).toEqual(LOST);
  await store.close();
  expect(idsIn(folder.file('moved.db'))).toEqual(['a']);
});

const testAsUser = process.getuid?.() === 0 ? test.skip : test;
testAsUser('a file that this user may no longer read', async () => {
  await using opened = await openedStore();
  chmodSync(opened.path, 0o000);
  expect(await opened.codes()).toEqual(LOST);
  chmodSync(opened.path, 0o640);
  expect(await opened.codes()).toEqual(FOUND);
});
