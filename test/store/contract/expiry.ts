import { expect, test } from 'bun:test';
import type { Store } from '../../../src/domain/store/store.ts';
import type { Retention } from '../../../src/domain/store/upkeep.ts';
import { codeOf, MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

/** Takes steps until there is nothing more to remove; returns how many it took. */
async function expireAll(store: Store, retention: Retention, nowMs: number): Promise<number> {
  for (let steps = 1; steps < 1000; steps++) {
    if (!(await store.expire(retention, nowMs))) return steps;
  }
  throw new Error('expire never says that it is done');
}

const timesOf = async (store: Store, id: string) => {
  const { samples, total } = await listReadings(store, id, {}, 100_000);
  expect(total).toBe(samples.length);
  return samples.map(({ timeMs }) => timeMs - NOON_MS);
};

export function expiry(makePlace: MakePlace) {
  test('nothing is deleted without a retention', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { state: 'failed', endTimeMs: NOON_MS })]);
    await store.recordSample('a', sample(0, { stamped: false }));
    for (let steps = 0; await store.expire({}, NOON_MS + 10 ** 12); steps++) expect(steps).toBeLessThan(100);
    expect(await timesOf(store, 'a')).toEqual([0]);
  });

  test('samples older than the retention are deleted for every job and node, and usage stays', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b')]);
    for (const atMs of [0, 10, 20, 30]) {
      await store.recordSample('a', sample(atMs));
      await store.recordSample('a', sample(atMs, { node: 'n2', cpuUsage: 70 }));
      if (atMs < 20) await store.recordSample('b', sample(atMs));
    }
    await expireAll(store, { sampleMs: MINUTE_MS, summaryMs: 0 }, NOON_MS + MINUTE_MS + 20);
    expect(await timesOf(store, 'a')).toEqual([20, 20, 30, 30]);
    expect(await timesOf(store, 'b')).toEqual([]);
    expect(await store.getJob('a')).toMatchObject({ cpuUsage: 60, memoryUsageMb: 2000 });
    await store.recordSample('b', sample(40));
    await store.recordSample('a', sample(40));
    expect(await timesOf(store, 'b')).toEqual([40]);
    expect(await timesOf(store, 'a')).toEqual([20, 20, 30, 30, 40]);
  });

  test('many samples are deleted in steps, and the last step says that it is the last', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a'), pastJob('b')]);
    const rows = Array.from({ length: 5000 }, (_, atMs) => ({
      jobId: atMs % 2 ? 'a' : 'b',
      ...sample(atMs),
    }));
    await store.recordSamples(rows);
    expect(await store.expire({ sampleMs: 0, summaryMs: 0 }, NOON_MS + 4990)).toBe(true);
    await expireAll(store, { sampleMs: 0, summaryMs: 0 }, NOON_MS + 4990);
    expect(await timesOf(store, 'a')).toEqual([4991, 4993, 4995, 4997, 4999]);
    expect(await timesOf(store, 'b')).toEqual([4990, 4992, 4994, 4996, 4998]);
    expect(await store.expire({ sampleMs: 0, summaryMs: 0 }, NOON_MS + 4990)).toBe(false);
  });

  test('jobs are deleted when their end is older than the retention, and jobs without an end stay', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const past = Array.from({ length: 60 }, (_, index) =>
      pastJob(`old-${index}`, { state: 'completed', endTimeMs: NOON_MS + 9 }),
    );
    const startTimeMs = NOON_MS - MINUTE_MS;
    await store.createJobs([
      ...past,
      pastJob('at-limit', { state: 'failed', startTimeMs, endTimeMs: NOON_MS + 10 }),
      pastJob('runs', { startTimeMs }),
      pastJob('waits', { state: 'pending', startTimeMs }),
    ]);
    await store.recordSample('old-0', sample(1));
    await expireAll(store, { jobMs: MINUTE_MS }, NOON_MS + MINUTE_MS + 10);
    const { jobs, total } = await store.listJobs({}, { limit: 100, offset: 0 });
    expect(jobs.map(({ id }) => id)).toEqual(['at-limit', 'runs', 'waits']);
    expect(total).toBe(3);
    expect((await store.listJobs({ node: 'n1', user: 'alice' }, { limit: 100, offset: 0 })).total).toBe(3);
    expect(await codeOf(store.getJob('old-0'))).toBe('not_found');
    expect(await store.countJobs()).toEqual({
      created: 63,
      states: { pending: 1, running: 1, completed: 0, failed: 1, cancelled: 0 },
    });
  });

  test('the remains of a deleted job are deleted without touching a new job with its id', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a'), pastJob('b')]);
    for (const atMs of [0, 1, 2]) await store.recordSample('a', sample(atMs));
    await store.recordSample('b', sample(3));
    await store.deleteJob('a');
    await store.createJobs([pastJob('a')]);
    await store.recordSample('a', sample(4));
    await expireAll(store, {}, NOON_MS + MINUTE_MS);
    expect(await timesOf(store, 'a')).toEqual([4]);
    expect(await timesOf(store, 'b')).toEqual([3]);
  });
}
