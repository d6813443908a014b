import { expect, test } from 'bun:test';
import { codeOf, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

export function samples(makePlace: MakePlace) {
  test('a sample is read as it was recorded, without a GPU if none was given', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    await store.recordSample('a', sample(0, { cpuUsage: 75.5, memoryUsageMb: 2 ** 33, gpuUsage: 0 }));
    await store.recordSample('a', sample(1, { cpuUsage: 0, memoryUsageMb: 0 }));
    expect(await listReadings(store, 'a', {}, 10)).toEqual({
      samples: [
        { timeMs: NOON_MS, cpuUsage: 75.5, memoryUsageMb: 2 ** 33, gpuUsage: 0 },
        { timeMs: NOON_MS + 1, cpuUsage: 0, memoryUsageMb: 0 },
      ],
      total: 2,
    });
  });

  test('samples of one millisecond keep their order of arrival', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a')]);
    for (const cpuUsage of [30, 10, 20]) await place.store.recordSample('a', sample(0, { cpuUsage }));
    const { samples: list, total } = await listReadings(place.store, 'a', {}, 10);
    expect(list.map(({ cpuUsage }) => cpuUsage)).toEqual([30, 10, 20]);
    expect(total).toBe(3);
  });

  test('samples of all nodes of a job are listed in the order of their times', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b')]);
    const given: [number, string?][] = [[50, 'n1'], [10, 'n2'], [40], [20, 'n1'], [30, 'n2']];
    for (const [atMs, node] of given)
      await store.recordSample('a', sample(atMs, { stamped: false, ...(node && { node }) }));
    await store.recordSample('b', sample(25));
    const { samples: list, total } = await listReadings(store, 'a', {}, 10);
    expect(list.map(({ timeMs }) => timeMs - NOON_MS)).toEqual([10, 20, 30, 40, 50]);
    expect(total).toBe(5);
  });

  const ranges: [string, { fromMs?: number; toMs?: number }, number, number[], number][] = [
    ['everything', {}, 10, [0, 10, 20, 30, 40], 5],
    ['the newest rows of everything', {}, 2, [30, 40], 5],
    ['the range from a time on, inclusive', { fromMs: NOON_MS + 10 }, 10, [10, 20, 30, 40], 4],
    ['the range from just after a time on', { fromMs: NOON_MS + 11 }, 10, [20, 30, 40], 3],
    ['the range up to a time, inclusive', { toMs: NOON_MS + 30 }, 10, [0, 10, 20, 30], 4],
    ['the range up to just before a time', { toMs: NOON_MS + 29 }, 10, [0, 10, 20], 3],
    ['the newest rows of a range', { fromMs: NOON_MS, toMs: NOON_MS + 30 }, 2, [20, 30], 4],
    ['one moment', { fromMs: NOON_MS + 20, toMs: NOON_MS + 20 }, 10, [20], 1],
    ['a range with nothing in it', { fromMs: NOON_MS + 41 }, 10, [], 0],
    ['a range that ends before it starts', { fromMs: NOON_MS + 30, toMs: NOON_MS + 10 }, 10, [], 0],
  ];
  test.each(ranges)(
    'the list of samples has exactly those of %s',
    async (_, range, limit, expected, total) => {
      await using place = await emptyStore(makePlace);
      await place.store.createJobs([pastJob('a')]);
      for (const atMs of [0, 20, 10, 40, 30])
        await place.store.recordSample('a', sample(atMs, { stamped: false }));
      const found = await listReadings(place.store, 'a', range, limit);
      expect(found.samples.map(({ timeMs }) => timeMs - NOON_MS)).toEqual(expected);
      expect(found.total).toBe(total);
    },
  );

  test('a sample of a node that the job does not have is refused and changes nothing', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b', { nodes: ['n3'] })]);
    for (const node of ['n3', 'never-seen', 'N1', '']) {
      expect(await codeOf(store.recordSample('a', sample(0, { node })))).toBe('validation_error');
    }
    expect(await listReadings(store, 'a', {}, 10)).toEqual({ samples: [], total: 0 });
    expect(await store.getJob('a')).toMatchObject({ cpuUsage: 0, memoryUsageMb: 0 });
  });

  test('a job that has ended accepts samples', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a', { state: 'completed', endTimeMs: NOON_MS + 5 })]);
    await place.store.recordSample('a', sample(3, { stamped: false }));
    expect((await listReadings(place.store, 'a', {}, 10)).total).toBe(1);
  });
}
