import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { OperatorError } from '../../../src/domain/errors.ts';
import type { Commit, ExpireStep } from '../../../src/domain/store/upkeep.ts';
import { openSqlite } from '../../../src/store/sqlite/open.ts';
import { codeOf, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { listReadings } from '../../help/readings.ts';

const OPEN_TS = resolve(import.meta.dir, '../../../src/store/sqlite/open.ts');

/** Opens a database in another process, and returns what that printed. */
async function openElsewhere(path: string): Promise<string> {
  const script = `import { openSqlite } from ${JSON.stringify(OPEN_TS)};
    try { const store = await openSqlite(${JSON.stringify(path)}); await store.close(); console.log('opened'); }
    catch (error) { console.log(error.name + ': ' + error.message); }`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' });
  return (await new Response(child.stdout).text()).trim();
}

test('an open database cannot be opened again in this process or in another', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openSqlite(path);
  const error = await openSqlite(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperatorError);
  const sentence = `Another hpc-observe already serves ${path}.`;
  expect((error as Error).message).toContain(sentence);
  expect(await openElsewhere(path)).toContain(`OperatorError: ${sentence}`);
  await store.createJobs([pastJob('a')]);
  expect((await store.getJob('a')).id).toBe('a');
  await store.close();
  expect(await openElsewhere(path)).toBe('opened');
});

test('a full queue refuses a write at once, stores nothing of it, and later accepts writes again', async () => {
  using folder = temporaryFolder();
  const store = await openSqlite(folder.file('a.db'));
  await store.createJobs([pastJob('a'), pastJob('b')]);
  const many = Array.from({ length: 19_999 }, () => ({ jobId: 'missing', ...sample(0) }));
  const accepted = store.recordSamples(many);
  const fits = store.recordSamples([{ jobId: 'a', ...sample(1) }]);
  expect(store.status().queueLength).toBe(20_000);
  expect(await codeOf(store.recordSamples([{ jobId: 'b', ...sample(2) }]))).toBe('unavailable');
  expect(await codeOf(store.checkWritable())).toBe('none');
  expect((await accepted).refused).toBe(19_999);
  await fits;
  expect(store.status().queueLength).toBe(0);
  await store.recordSample('b', sample(3));
  expect((await listReadings(store, 'a', {}, 10)).total).toBe(1);
  expect((await listReadings(store, 'b', {}, 10)).samples.map(({ timeMs }) => timeMs - NOON_MS)).toEqual([3]);
  await store.close();
});

test('single writes have a limit of their own, which a large waiting batch does not use up', async () => {
  using folder = temporaryFolder();
  const store = await openSqlite(folder.file('a.db'));
  await store.createJobs([pastJob('a')]);
  const batch = (rows: number) =>
    Array.from({ length: rows }, (_, index) => ({ jobId: 'a', ...sample(index) }));
  const full = store.recordSamples(batch(100_000));
  const singles = Array.from({ length: 10_001 }, (_, index) =>
    codeOf(store.recordSample('a', sample(index))),
  );
  expect(await codeOf(store.recordSamples(batch(1)))).toBe('unavailable');
  const codes = await Promise.all(singles);
  expect([codes.indexOf('unavailable'), codes.lastIndexOf('none')]).toEqual([10_000, 9999]);
  expect((await full).refused).toBe(0);
  expect(await codeOf(store.recordSample('a', sample(0)))).toBe('none');
  await store.close();
});

test('writes that wait together share a commit, and every commit is reported', async () => {
  using folder = temporaryFolder();
  const commits: Commit[] = [];
  const store = await openSqlite(folder.file('a.db'), { onCommit: (commit) => void commits.push(commit) });
  await store.createJobs([pastJob('a'), pastJob('b')]);
  await Promise.all(Array.from({ length: 50 }, (_, atMs) => store.recordSample('a', sample(atMs))));
  await store.close();
  expect(commits.map(({ seconds: _, ...commit }) => commit).slice(0, 2)).toEqual([
    { writes: 1, rows: 2, failed: false },
    { writes: 50, rows: 50, failed: false },
  ]);
  for (const { seconds } of commits) expect(seconds).toBeGreaterThan(0);
});

test('a step of expire reports the samples that it sealed and the rows that it changed', async () => {
  using folder = temporaryFolder();
  const steps: ExpireStep[] = [];
  const store = await openSqlite(folder.file('a.db'), { onExpire: (step) => void steps.push(step) });
  await store.createJobs([pastJob('a')]);
  await store.recordSamples([0, 1, 2].map((atMs) => ({ jobId: 'a', ...sample(atMs, { stamped: false }) })));
  // The first sees that the job runs, and is not to be tallied.
  while (await store.expire({}, NOON_MS));
  expect(steps.at(-1)).toMatchObject({ sealedSamples: 0, changedRows: 0 });
  while (await store.expire({}, NOON_MS + 2 * 3_600_000));
  await store.close();
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  expect(sum(steps.map(({ sealedSamples }) => sealedSamples))).toBe(3);
  expect(sum(steps.map(({ changedRows }) => changedRows))).toBeGreaterThan(1);
  for (const { seconds } of steps) expect(seconds).toBeLessThan(1);
});

test('samples of a deleted job are removed from the file', async () => {
  using folder = temporaryFolder();
  const store = await openSqlite(folder.file('a.db'));
  await store.createJobs([pastJob('a'), pastJob('b')]);
  for (const atMs of [0, 1, 2]) await store.recordSample('a', sample(atMs));
  await store.recordSample('b', sample(3));
  await store.deleteJob('a');
  while (await store.expire({}, NOON_MS));
  await store.close();
  using db = new Database(folder.file('a.db'));
  expect(db.query('SELECT count(*) FROM log').values()).toEqual([[1]]);
});
