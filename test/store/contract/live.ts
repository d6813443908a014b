import { expect, test } from 'bun:test';
import type { LiveSeries } from '../../../src/domain/store/live.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

async function liveSeries(store: Store, endedSinceMs: number): Promise<LiveSeries[]> {
  const all: LiveSeries[] = [];
  for await (const page of store.liveSeries(endedSinceMs)) all.push(...page);
  return all.sort((a, b) => (`${a.jobId} ${a.node}` < `${b.jobId} ${b.node}` ? -1 : 1));
}

/** The series of alice's job on n1 that started at noon and has not reported. */
const series = (jobId: string, fields: Partial<LiveSeries> = {}): LiveSeries => ({
  jobId,
  user: 'alice',
  node: 'n1',
  account: null,
  partition: null,
  startTimeMs: NOON_MS,
  endTimeMs: null,
  suspendedSeconds: 0,
  cpuUsage: null,
  memoryUsageMb: null,
  gpuUsage: null,
  ...fields,
});

export function live(makePlace: MakePlace) {
  test('an empty store has no live series', async () => {
    await using place = await emptyStore(makePlace);
    expect(await liveSeries(place.store, 0)).toEqual([]);
  });

  test('a running job without reports has one live series, of its first node and without usage', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a', { nodes: ['n2', 'n1'] })]);
    expect(await liveSeries(place.store, NOON_MS)).toEqual([series('a', { node: 'n2' })]);
  });

  test('a pending job has no live series, even if it ran before', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a', { state: 'pending' }), pastJob('b')]);
    await place.store.recordSample('b', sample(0));
    await place.store.updateJob('b', { state: 'pending' }, NOON_MS + 1);
    expect(await liveSeries(place.store, 0)).toEqual([]);
  });

  test('every node that reported has a live series with its own usage', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a', { nodes: ['n1', 'n2', 'n3'] })]);
    await place.store.recordSample('a', sample(0, { node: 'n3', cpuUsage: 30, memoryUsageMb: 300 }));
    await place.store.recordSample('a', sample(1, { cpuUsage: 10, memoryUsageMb: 100, gpuUsage: 0 }));
    await place.store.recordSample('a', sample(2, { cpuUsage: 20, memoryUsageMb: 200 }));
    expect(await liveSeries(place.store, 0)).toEqual([
      series('a', { cpuUsage: 20, memoryUsageMb: 200, gpuUsage: 0 }),
      series('a', { node: 'n3', cpuUsage: 30, memoryUsageMb: 300 }),
    ]);
  });

  test('each live series of a job has its account and partition', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([
      pastJob('a', { nodes: ['n1', 'n2'], details: { account: 'physics', partition: 'gpu' } }),
      pastJob('b', { details: { account: 'physics' } }),
    ]);
    await place.store.recordSample('a', sample(0, { cpuUsage: 1, memoryUsageMb: 2 }));
    await place.store.recordSample('a', sample(0, { node: 'n2', cpuUsage: 1, memoryUsageMb: 2 }));
    const found = await liveSeries(place.store, 0);
    expect(found.map(({ jobId, account, partition }) => [jobId, account, partition])).toEqual([
      ['a', 'physics', 'gpu'],
      ['a', 'physics', 'gpu'],
      ['b', 'physics', null],
    ]);
  });

  test('after a patch the live series of the nodes still add up to the usage of the job', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
    await place.store.recordSample('a', sample(0, { memoryUsageMb: 100 }));
    await place.store.recordSample('a', sample(1, { node: 'n2', memoryUsageMb: 300 }));
    const { memoryUsageMb } = await place.store.updateJob('a', { memoryUsageMb: 8192 }, NOON_MS + 2);
    const all = await liveSeries(place.store, 0);
    expect(all.reduce((sum, one) => sum + (one.memoryUsageMb ?? 0), 0)).toBe(memoryUsageMb);
    expect(all.map(({ cpuUsage }) => cpuUsage)).toEqual([50, 50]);
  });

  test('jobs that ended within the window have live series with their end, and older ones have none', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs(
      [9, 10, 11].map((atMs) => pastJob(`ended-${atMs}`, { state: 'failed', endTimeMs: NOON_MS + atMs })),
    );
    await place.store.createJobs([pastJob('runs')]);
    await place.store.recordSample('ended-10', sample(1, { cpuUsage: 5, memoryUsageMb: 6 }));
    expect(await liveSeries(place.store, NOON_MS + 10)).toEqual([
      series('ended-10', { endTimeMs: NOON_MS + 10, cpuUsage: 5, memoryUsageMb: 6 }),
      series('ended-11', { endTimeMs: NOON_MS + 11 }),
      series('runs'),
    ]);
  });

  test('a deleted job has no live series at once', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a'), pastJob('b')]);
    await place.store.recordSample('a', sample(0));
    await place.store.deleteJob('a');
    expect(await liveSeries(place.store, 0)).toEqual([series('b')]);
  });

  test('pages of live series are one snapshot however long the reading takes, and two can be read at once', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs(Array.from({ length: 1500 }, (_, index) => pastJob(`job-${index}`)));
    const pages: LiveSeries[][] = [];
    let other: LiveSeries[] = [];
    for await (const page of store.liveSeries(0)) {
      pages.push(page);
      if (pages.length > 1) continue;
      await store.recordSample('job-1499', sample(0));
      await store.deleteJob('job-1498');
      other = await liveSeries(store, 0);
    }
    const all = pages.flat();
    expect(pages.length).toBeGreaterThan(1);
    expect(new Set(all.map(({ jobId }) => jobId)).size).toBe(1500);
    expect(all.every(({ cpuUsage }) => cpuUsage === null)).toBe(true);
    expect(other).toHaveLength(1499);
    expect(other.find(({ jobId }) => jobId === 'job-1499')?.cpuUsage).toBe(50);
  });

  test('live series of jobs with equal times are each listed once over several pages', async () => {
    await using place = await emptyStore(makePlace);
    const jobs = Array.from({ length: 1400 }, (_, index) => {
      const startTimeMs = NOON_MS + (index % 3);
      const end = index < 700 ? { state: 'completed', endTimeMs: NOON_MS + 10 + (index % 2) } : {};
      return pastJob(`job-${index}`, { startTimeMs, ...(end as object) });
    });
    await place.store.createJobs(jobs);
    const all = await liveSeries(place.store, NOON_MS + 10);
    expect(all.map(({ jobId }) => jobId)).toEqual(jobs.map(({ id }) => id).sort());
  });

  test('a reader that stops half way through the live series blocks nothing', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs(Array.from({ length: 1500 }, (_, index) => pastJob(`job-${index}`)));
    for await (const page of store.liveSeries(0)) {
      expect(page.length).toBeGreaterThan(0);
      break;
    }
    await store.deleteJob('job-0');
    expect(await liveSeries(store, 0)).toHaveLength(1499);
  });
}
