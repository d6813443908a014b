import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import type { JobSample } from '../../../src/domain/store/samples.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings, readingsOf } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const HOUR_MS = 3_600_000;
const NODES = ['n1', 'n2', 'n3'];

async function sealAll(store: Store, nowMs = NOON_MS + 48 * HOUR_MS): Promise<void> {
  while (await store.expire({}, nowMs));
}

/** A sample each 10 s on three nodes, GPU on two of them. */
function samplesOf(count: number, seed: number): JobSample[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index): JobSample => {
    const place = index % NODES.length;
    return {
      jobId: 'a',
      node: NODES[place]!,
      timeMs: NOON_MS + Math.floor(index / NODES.length) * 10_000 + place * 137,
      cpuUsage: Math.round(random() * 10_000) / 100,
      memoryUsageMb: Math.round(random() * 64_000),
      ...(place > 0 && { gpuUsage: Math.round(random() * 1000) / 10 }),
      stamped: false,
    };
  });
}

async function storeWith(makePlace: MakePlace, samples: readonly JobSample[]) {
  const place = await emptyStore(makePlace);
  await place.store.createJobs([pastJob('a', { nodes: NODES })]);
  await place.store.recordSamples(samples);
  return place;
}

export function bigJobs(makePlace: MakePlace) {
  test('a plot is the same from sealed and from unsealed samples, for any range and number of points', async () => {
    await using place = await storeWith(makePlace, samplesOf(18_000, 1));
    const { store } = place;
    const from = NOON_MS + HOUR_MS + 123_456;
    const queries = [
      [{}, 200],
      [{}, 60],
      [{}, 7],
      [{}, 1],
      [{ node: 'n2' }, 10],
      [{ node: 'n1', order: 'desc' }, 500],
      [{ fromMs: from, toMs: from + 12 * HOUR_MS }, 9],
      [{ fromMs: from, toMs: from + HOUR_MS }, 100],
    ] as const;
    const plots = () =>
      Promise.all(
        queries.map(async ([query, maxPoints]) => {
          const { points, spanMs, total } = await store.plotSamples('a', query, maxPoints);
          return { spanMs, total, points: readingsOf(points) };
        }),
      );
    const before = await plots();
    await sealAll(store);
    const after = await plots();
    expect(after).toEqual(before);
    for (const [index, { points }] of after.entries()) {
      expect(points.length).toBeGreaterThan(0);
      expect(points.length).toBeLessThanOrEqual(queries[index]![1]);
    }
    expect(after[0]).toMatchObject({ total: 18_000, spanMs: Math.ceil((59_990_000 + 274 + 1) / 200) });
    expect(after[2]!.spanMs % (15 * 60_000)).toBe(0);
    expect(after[2]!.points[0]!.timeMs % (15 * 60_000)).toBe(0);
  });

  test('more samples of one millisecond than fit a chunk are sealed in the order of arrival', async () => {
    const many = Array.from(
      { length: 70_000 },
      (_, index): JobSample => ({
        jobId: 'a',
        timeMs: NOON_MS + (index < 69_900 ? 0 : index - 69_900),
        cpuUsage: 1,
        memoryUsageMb: index,
        stamped: true,
      }),
    );
    await using place = await storeWith(makePlace, many);
    const { store } = place;
    await sealAll(store);
    await store.recordSamples([
      { ...many[0]!, memoryUsageMb: 70_000 },
      { ...many[0]!, timeMs: NOON_MS - 1, memoryUsageMb: 70_001 },
    ]);
    await sealAll(store, NOON_MS + 96 * HOUR_MS);
    const { samples, total } = await listReadings(store, 'a', {}, 100_000);
    expect(total).toBe(70_002);
    const order = [...many.slice(0, 69_901), { memoryUsageMb: 70_000 }, ...many.slice(69_901)];
    expect(samples.map(({ memoryUsageMb }) => memoryUsageMb)).toEqual([
      70_001,
      ...order.map(({ memoryUsageMb }) => memoryUsageMb),
    ]);
    // A repeat is known as one, wherever it is kept.
    const repeat = { ...many[0]!, stamped: false };
    expect(await store.recordSamples([repeat])).toMatchObject({ stored: 0, repeated: 1 });
    const retention = { sampleMs: HOUR_MS, summaryMs: 1000 * HOUR_MS };
    while (await store.expire(retention, NOON_MS + 100 * HOUR_MS));
    expect((await listReadings(store, 'a', {}, 10)).samples[1]).toMatchObject({ point: { samples: 70_001 } });
  });
}
