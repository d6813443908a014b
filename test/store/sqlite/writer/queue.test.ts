import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import type { AppError } from '../../../../src/domain/errors.ts';
import type { PastJob } from '../../../../src/domain/job.ts';
import type { Store } from '../../../../src/domain/store/store.ts';
import type { Commit } from '../../../../src/domain/store/upkeep.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { codeOf, pastJob, sample } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';

/** Makes a batch whose rows are lost on the way, which kills the writing thread. */
const unreadableJobs = (): PastJob[] => Object.assign([pastJob('x')], { toJSON: () => undefined });

async function openedStore() {
  const folder = temporaryFolder();
  const deaths: Error[] = [];
  const commits: Commit[] = [];
  const store: Store = await openSqlite(folder.file('a.db'), {
    onDeath: (cause) => void deaths.push(cause),
    onCommit: (commit) => void commits.push(commit),
  });
  return { folder, deaths, commits, store };
}

test('when the writing thread dies, waiting writes are refused, its death is reported once, and close returns', async () => {
  const { folder, deaths, store } = await openedStore();
  await store.createJobs([pastJob('a')]);
  const waiting = [
    store.recordSample('a', sample(1)),
    store.createJobs(unreadableJobs()),
    store.recordSample('a', sample(2)),
  ];
  const codes = await Promise.all(waiting.map(codeOf));
  expect(codes).toEqual(['unavailable', 'unavailable', 'unavailable']);
  const error = await store.createJobs([pastJob('b')]).catch((reason: AppError) => reason);
  expect((error as AppError).message).toContain('The store has failed');
  expect(deaths.map(({ message }) => message)).toEqual([
    expect.stringContaining('undefined is not an object'),
  ]);
  expect(store.status().queueLength).toBe(0);
  expect((await store.getJob('a')).id).toBe('a');
  await store.close();
  expect(deaths).toHaveLength(1);
  // The lock is free, and the file as good as after a kill.
  const again = await openSqlite(folder.file('a.db'));
  expect((await again.getJob('a')).id).toBe('a');
  await again.close();
  folder[Symbol.dispose]();
});

test('close returns even if the writing thread dies of a write that was waiting', async () => {
  const { folder, deaths, store } = await openedStore();
  const last = codeOf(store.createJobs(unreadableJobs()));
  await store.close();
  expect(await last).toBe('unavailable');
  expect(deaths).toHaveLength(1);
  folder[Symbol.dispose]();
});

test('a step of expire that fails is reported as a failed commit', async () => {
  const { folder, commits, store } = await openedStore();
  await store.createJobs([pastJob('a', { state: 'failed', endTimeMs: NOON_MS })]);
  using db = new Database(folder.file('a.db'));
  db.run('ALTER TABLE job RENAME TO somewhere_else');
  const expiring = store.expire({ jobMs: 1 }, NOON_MS + 60_000);
  expect(await expiring.catch(({ message }: Error) => message)).toContain('no such table');
  db.run('ALTER TABLE somewhere_else RENAME TO job');
  await store.expire({ jobMs: 1 }, NOON_MS + 60_000);
  expect(commits.map(({ failed }) => failed)).toEqual([false, true, false]);
  await store.close();
  folder[Symbol.dispose]();
});

test('a lost message leaves its own write waiting, and every other write gets its own answer', async () => {
  const { folder, store } = await openedStore();
  await store.createJobs([pastJob('a')]);
  const send = Worker.prototype.postMessage;
  Worker.prototype.postMessage = () => {};
  let isLostAnswered = false;
  const lost = store
    .deleteJob('a')
    .catch(() => {})
    .finally(() => {
      isLostAnswered = true;
    });
  await new Promise<void>((next) => setImmediate(next));
  await new Promise<void>((next) => setImmediate(next));
  Worker.prototype.postMessage = send;
  const answers = await Promise.all([
    codeOf(store.deleteJob('missing')),
    store.createJob({ id: 'b', user: 'bob', nodes: ['n1'] }, NOON_MS).then(({ id }) => id),
    codeOf(store.recordSample('a', sample(1))),
  ]);
  expect(answers).toEqual(['not_found', 'b', 'none']);
  expect(isLostAnswered).toBe(false);
  await store.close();
  await lost;
  folder[Symbol.dispose]();
});
