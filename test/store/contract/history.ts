import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import type { JobSample } from '../../../src/domain/store/samples.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { codeOf, MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings, type Reading, readingsOf } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const HOUR_MS = 60 * MINUTE_MS;
/** Far enough from noon that everything recorded around it is sealed. */
const EVENING_MS = NOON_MS + 12 * HOUR_MS;

async function sealAll(store: Store, nowMs = EVENING_MS): Promise<void> {
  for (let steps = 0; steps < 2000; steps++) if (!(await store.expire({}, nowMs))) return;
  throw new Error('expire never says that it is done');
}

const readAll = async (store: Store, id: string) => (await listReadings(store, id, {}, 100_000)).samples;

/** A sample of job a with values that only it has. */
function numbered(index: number, timeMs: number, node = 'n1'): JobSample {
  const gpu = index % 3 === 0 ? {} : { gpuUsage: (index % 997) / 10 };
  return {
    jobId: 'a',
    timeMs,
    node,
    cpuUsage: (index % 9973) / 100,
    memoryUsageMb: index,
    ...gpu,
    stamped: false,
  };
}

const asReading = ({ jobId, stamped, node, ...rest }: JobSample): Reading =>
  node === 'n1' || node === undefined ? rest : { ...rest, node };

export function history(makePlace: MakePlace) {
  test('sealed samples are read exactly, in both orders and any range', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const samples = Array.from({ length: 5000 }, (_, index) => numbered(index, NOON_MS + index * 1000));
    await store.recordSamples(samples);
    const before = await readAll(store, 'a');
    expect(before).toEqual(samples.map(asReading));
    await sealAll(store);
    await store.recordSample('a', sample(6_000_000));
    const { samples: after, total } = await listReadings(store, 'a', {}, 100_000);
    expect(after.slice(0, 5000)).toEqual(before);
    expect(total).toBe(5001);
    const range = { fromMs: NOON_MS + 900_500, toMs: NOON_MS + 2_100_000 };
    expect(await listReadings(store, 'a', range, 10)).toEqual({
      samples: before.slice(2091, 2101),
      total: 1200,
    });
    expect((await listReadings(store, 'a', { ...range, order: 'desc' }, 2)).samples).toEqual([
      before[2100]!,
      before[2099]!,
    ]);
    await place.reopen();
    expect((await readAll(place.store, 'a')).slice(0, 5000)).toEqual(before);
  });

  test('samples that arrive late, shuffled or twice are sorted by time, also between sealed ones', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
    const random = createRandom(7);
    const samples = Array.from({ length: 6000 }, (_, index) =>
      numbered(index, NOON_MS + Math.floor(random() * 4000) * 500, random() < 0.5 ? 'n1' : 'n2'),
    );
    for (let start = 0; start < samples.length; start += 1500) {
      await Promise.all(
        samples.slice(start, start + 1500).map(({ jobId, ...rest }) => store.recordSample(jobId, rest)),
      );
      if (start !== 3000) await sealAll(store);
    }
    const order = (one: Reading, other: Reading) =>
      one.timeMs - other.timeMs || one.memoryUsageMb - other.memoryUsageMb;
    const read = await readAll(store, 'a');
    expect(read.map(({ timeMs }) => timeMs)).toEqual(
      read.map(({ timeMs }) => timeMs).toSorted((a, b) => a - b),
    );
    expect(read.toSorted(order)).toEqual(samples.map(asReading).toSorted(order));
  });

  test('a stream yields the same samples as a list, for all nodes and for one', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2', 'n3'] })]);
    await store.recordSamples(
      Array.from({ length: 9000 }, (_, index) =>
        numbered(index, NOON_MS + Math.floor(index / 3) * 1000 + (index % 3), `n${1 + (index % 3)}`),
      ),
    );
    await sealAll(store);
    for (const query of [
      {},
      { order: 'desc' as const },
      { node: 'n2' },
      { node: 'n3', fromMs: NOON_MS + 5000 },
    ]) {
      const streamed: Reading[] = [];
      for await (const batch of store.streamSamples('a', query)) streamed.push(...readingsOf(batch));
      expect(streamed).toEqual((await listReadings(store, 'a', query, 100_000)).samples);
      expect(streamed.length).toBe(query.node ? (query.fromMs ? 2995 : 3000) : 9000);
    }
    expect(await codeOf(listReadings(store, 'a', { node: 'n4' }, 1))).toBe('validation_error');
    expect(await codeOf(Array.fromAsync(store.streamSamples('none', {})))).toBe('not_found');
  });

  test('old samples become points, old points are deleted, and the summary stays', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const values = [10, 30, 20, 60, 50, 40];
    for (const [index, cpuUsage] of values.entries()) {
      await store.recordSample(
        'a',
        sample(index * 5 * MINUTE_MS, { cpuUsage, stamped: false, memoryUsageMb: 100 }),
      );
    }
    const retention = { sampleMs: HOUR_MS, summaryMs: 24 * HOUR_MS };
    const expireAll = async (nowMs: number) => {
      for (let steps = 0; steps < 100 && (await store.expire(retention, nowMs)); steps++);
    };
    await expireAll(EVENING_MS);
    const { samples, total } = await listReadings(store, 'a', {}, 10);
    expect(total).toBe(2);
    expect(samples).toEqual([
      {
        timeMs: NOON_MS,
        cpuUsage: 20,
        memoryUsageMb: 100,
        point: {
          timeMs: NOON_MS,
          samples: 3,
          cpuUsage: { min: 10, mean: 20, max: 30 },
          memoryUsageMb: { min: 100, mean: 100, max: 100 },
        },
      },
      expect.objectContaining({ timeMs: NOON_MS + 15 * MINUTE_MS, cpuUsage: 50 }),
    ]);
    await expireAll(NOON_MS + 26 * HOUR_MS);
    expect(await listReadings(store, 'a', {}, 10)).toEqual({ samples: [], total: 0 });
    expect((await store.summarizeJob('a')).whole).toEqual({
      samples: 6,
      observedSeconds: 1500,
      cpuUsage: { mean: 35, max: 60 },
      memoryUsageMb: { mean: 100, max: 100 },
    });
  });

  test('a summary has the means and maxima of each node and of the whole job', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n2', 'n1'] })]);
    expect(await store.summarizeJob('a')).toEqual({ whole: { samples: 0, observedSeconds: 0 }, nodes: [] });
    await store.recordSample('a', sample(0, { node: 'n1', cpuUsage: 10, memoryUsageMb: 100, gpuUsage: 80 }));
    await store.recordSample('a', sample(2000, { node: 'n1', cpuUsage: 20, memoryUsageMb: 300 }));
    await store.recordSample('a', sample(5000, { cpuUsage: 90, memoryUsageMb: 50 }));
    const summary = {
      whole: {
        samples: 3,
        observedSeconds: 5,
        cpuUsage: { mean: 52.5, max: 90 },
        memoryUsageMb: { mean: 250, max: 350 },
        gpuUsage: { mean: 80, max: 80 },
      },
      nodes: [
        {
          node: 'n2',
          samples: 1,
          observedSeconds: 0,
          cpuUsage: { mean: 90, max: 90 },
          memoryUsageMb: { mean: 50, max: 50 },
        },
        {
          node: 'n1',
          samples: 2,
          observedSeconds: 2,
          cpuUsage: { mean: 15, max: 20 },
          memoryUsageMb: { mean: 200, max: 300 },
          gpuUsage: { mean: 80, max: 80 },
        },
      ],
    };
    expect(await store.summarizeJob('a')).toEqual(summary);
    await store.updateJob('a', { state: 'completed' }, NOON_MS + 9000);
    await sealAll(store);
    expect(await store.summarizeJob('a')).toEqual(summary);
    expect(await codeOf(store.summarizeJob('b'))).toBe('not_found');
  });
}
