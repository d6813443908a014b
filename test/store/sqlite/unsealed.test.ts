import { expect, test } from 'bun:test';
import type { AppError } from '../../../src/domain/errors.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { codeOf, MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { listReadings } from '../../help/readings.ts';
import { openStore } from '../../help/store.ts';

const MAX = 10_000;
const NODES = Array.from({ length: 100 }, (_, index) => `n${index}`);

/** Samples of one millisecond after the other, over all nodes in turn. */
const samplesFrom = (firstMs: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    jobId: 'a',
    ...sample(firstMs + index, { node: NODES[index % NODES.length]!, stamped: false }),
  }));

async function openedStore(path: string, maxUnsealedSamples = MAX): Promise<Store> {
  const store = await openStore(path, { maxUnsealedSamples });
  // The samples that are in the log are counted at the first step.
  while (await store.expire({}, NOON_MS));
  return store;
}

const unsealedOf = (store: Store) => store.status().unsealedSamples;
const totalOf = async (store: Store) => (await listReadings(store, 'a', {}, 1)).total;

async function sealAll(store: Store): Promise<void> {
  for (let steps = 0; await store.expire({}, NOON_MS); steps++) expect(steps).toBeLessThan(5000);
}

test('beyond the bound samples are refused and counted, all else goes on, and sealing makes room', async () => {
  using folder = temporaryFolder();
  const store = await openedStore(folder.file('a.db'));
  await store.createJobs([pastJob('a', { nodes: NODES })]);
  await store.recordSamples(samplesFrom(0, MAX));
  expect(unsealedOf(store)).toBe(MAX);

  const refused = await store.recordSamples(samplesFrom(MAX, 1)).catch((error: AppError) => error);
  expect(refused).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('10000 are waiting. Send this again after Retry-After'),
  });
  expect(() => store.requireRoomForBatch()).toThrow('Samples arrive faster');
  expect(store.status().refusedUnsealed).toBe(2);

  // Single samples have a quarter more room.
  await Promise.all(samplesFrom(MAX, MAX / 4).map(({ jobId, ...one }) => store.recordSample(jobId, one)));
  expect(await codeOf(store.recordSample('a', sample(0)))).toBe('unavailable');
  expect(store.status().refusedUnsealed).toBe(3);
  await store.createJob({ id: 'b', user: 'bob', nodes: ['n1'] }, NOON_MS);
  expect((await store.getJob('b')).id).toBe('b');
  expect(await totalOf(store)).toBe(1.25 * MAX);

  // All samples are younger than an hour.
  await sealAll(store);
  expect(unsealedOf(store)).toBeLessThanOrEqual(MAX / 4);
  store.requireRoomForBatch();
  expect((await store.recordSamples(samplesFrom(2 * MAX, 5000))).stored).toBe(5000);
  expect(await totalOf(store)).toBe(1.75 * MAX);
  await store.close();
});

test('a database with more unsealed samples than the bound starts, counts them, and drains', async () => {
  using folder = temporaryFolder();
  const before = await openedStore(folder.file('a.db'), 100 * MAX);
  await before.createJobs([pastJob('a', { nodes: NODES })]);
  await before.recordSamples(samplesFrom(0, 3 * MAX));
  await before.close();

  const store = await openStore(folder.file('a.db'), { maxUnsealedSamples: MAX });
  let most = 0;
  while (await store.expire({}, NOON_MS)) most = Math.max(most, unsealedOf(store));
  expect(most).toBe(3 * MAX);
  expect(unsealedOf(store)).toBeLessThanOrEqual(MAX / 4);
  expect(await totalOf(store)).toBe(3 * MAX);
  expect((await store.recordSamples(samplesFrom(3 * MAX, 1))).stored).toBe(1);
  await store.close();
});

test('old samples behind a young one are sealed once the log is a quarter full', async () => {
  using folder = temporaryFolder();
  const store = await openedStore(folder.file('a.db'));
  await store.createJobs([pastJob('a', { nodes: NODES })]);
  await store.recordSamples(samplesFrom(0, 1));
  await store.recordSamples(samplesFrom(-120 * MINUTE_MS, MAX / 4 - 1));
  await sealAll(store);
  expect(unsealedOf(store)).toBe(MAX / 4);
  await store.recordSamples(samplesFrom(-60 * MINUTE_MS, MAX / 2));
  await sealAll(store);
  expect(unsealedOf(store)).toBeLessThan(MAX / 4);
  expect(await totalOf(store)).toBe(0.75 * MAX);
  await store.close();
});

test('the samples are still known after a commit that was rolled back', async () => {
  using folder = temporaryFolder();
  const store = await openedStore(folder.file('a.db'));
  await store.createJobs([pastJob('a', { nodes: NODES })]);
  await store.recordSamples(samplesFrom(0, MAX));
  const unreadable = { jobId: 'a', ...sample(1) } as { timeMs: number };
  unreadable.timeMs = 2 ** 70;
  await store.recordSample('a', unreadable as never).catch(() => {});
  expect(unsealedOf(store)).toBeGreaterThanOrEqual(MAX);
  await store.close();
});
