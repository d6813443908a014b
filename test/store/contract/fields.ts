import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import { MEASURES, type Measured, type MeasureName } from '../../../src/domain/measure.ts';
import type { ReadingQuery } from '../../../src/domain/store/samples.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { type MeasuredSample, measuresOf } from '../../help/measured-batch.ts';
import { type FurtherReading, furtherOf, listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const HOUR_MS = 60 * MINUTE_MS;
/** Far enough from noon that everything recorded around it is sealed. */
const EVENING_MS = NOON_MS + 12 * HOUR_MS;
const ALL = 100_000;

const codes = (...names: MeasureName[]) => names.map((name) => MEASURES.get(name)!.code);

async function expireAll(store: Store, retention = {}): Promise<void> {
  for (let steps = 0; await store.expire(retention, EVENING_MS); steps++) expect(steps).toBeLessThan(2000);
}

async function recordAll(store: Store, samples: readonly MeasuredSample[]): Promise<void> {
  const list = samples.map(({ sample }) => sample);
  expect(await store.recordSamples(list, measuresOf(samples))).toMatchObject({ stored: list.length });
}

async function read(store: Store, query: ReadingQuery, limit = ALL) {
  const { samples, total } = await store.listSamples('a', query, limit);
  return { rows: furtherOf(samples), total };
}

async function streamed(store: Store, query: ReadingQuery): Promise<FurtherReading[]> {
  const rows: FurtherReading[] = [];
  for await (const batch of store.streamSamples('a', query)) rows.push(...furtherOf(batch));
  return rows;
}

const made = (atMs: number, fields: Omit<MeasuredSample, 'sample'>, node = 'n1'): MeasuredSample => ({
  sample: { jobId: 'a', node, timeMs: NOON_MS + atMs, cpuUsage: 50, memoryUsageMb: 100, stamped: false },
  ...fields,
});

/** Samples of two nodes, one a second each, with different measures and GPUs in different stretches. */
function makeSamples(seed: number): MeasuredSample[] {
  const random = createRandom(seed);
  const value = () => Math.round(random() * 1e6) / 100;
  const maybe = (name: MeasureName, share: number): Measured => (random() < share ? { [name]: value() } : {});
  return ['n1', 'n2'].flatMap((node) =>
    Array.from({ length: 1500 }, (_, i) => {
      const hasMeasures = node === 'n2' || i < 1000;
      const measured = hasMeasures ? { threads: i, ...maybe('io_read_bytes', 0.5) } : {};
      const gpus = ['GPU-b', 'GPU-a', 'GPU-c'].slice(i < 400 ? 2 : 0, node === 'n1' ? 2 : 3);
      return made(
        i * 1000,
        {
          measured,
          gpus: Object.fromEntries(
            gpus.map((gpu) => [
              gpu,
              { ...maybe('gpu_power_watts', 0.8), ...maybe('gpu_temperature_celsius', 0.3) },
            ]),
          ),
        },
        node,
      );
    }),
  );
}

const labelsOf = ({ sample }: MeasuredSample) => ({
  timeMs: sample.timeMs,
  ...(sample.node !== 'n1' && { node: sample.node! }),
});

function pick(measured: Measured, names: readonly MeasureName[]): Measured {
  return Object.fromEntries(
    names.filter((name) => measured[name] !== undefined).map((name) => [name, measured[name]]),
  );
}

const byTime = (samples: readonly MeasuredSample[]) =>
  samples.toSorted(
    ({ sample: one }, { sample: other }) =>
      one.timeMs - other.timeMs || (one.node! < other.node! ? -1 : one.node! > other.node! ? 1 : 0),
  );

/** The rows that a read should give. */
const nodeRows = (samples: readonly MeasuredSample[], names: readonly MeasureName[]): FurtherReading[] =>
  byTime(samples).map((one) => ({ ...labelsOf(one), ...pick(one.measured ?? {}, names) }));

const gpuRows = (samples: readonly MeasuredSample[], names: readonly MeasureName[]): FurtherReading[] =>
  byTime(samples).flatMap((one) =>
    Object.keys(one.gpus ?? {})
      .sort()
      .map((gpu) => ({ ...labelsOf(one), gpu, ...pick(one.gpus![gpu]!, names) }))
      .filter((row) => names.some((name) => name in row)),
  );

export function fields(makePlace: MakePlace) {
  test.each(['unsealed', 'sealed', 'partly sealed'])(
    'chosen fields and rows of GPUs are those that were recorded, %s',
    async (state) => {
      await using place = await emptyStore(makePlace);
      const { store } = place;
      await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
      const samples = makeSamples(3);
      const late = samples.filter((_, i) => i % 7 === 0);
      await recordAll(
        store,
        samples.filter((_, i) => i % 7 !== 0),
      );
      if (state === 'partly sealed') await expireAll(store);
      await recordAll(store, late);
      if (state === 'sealed') await expireAll(store);

      const names = ['io_read_bytes', 'threads', 'io_writes'] as const;
      const expected = nodeRows(samples, names);
      expect(await read(store, { codes: codes(...names) })).toEqual({ rows: expected, total: 3000 });
      expect(await streamed(store, { codes: codes(...names), order: 'desc' })).toEqual(expected.toReversed());

      const watts = ['gpu_temperature_celsius', 'gpu_power_watts'] as const;
      const query = { codes: codes(...watts), by: 'gpu' } as const;
      const rows = gpuRows(samples, watts);
      expect(rows.length).toBeGreaterThan(3000);
      expect(await read(store, query)).toEqual({ rows, total: rows.length });
      expect(await read(store, query, 7)).toEqual({ rows: rows.slice(-7), total: rows.length });
      expect(await streamed(store, { ...query, order: 'desc' })).toEqual(rows.toReversed());
      const [fromMs, toMs] = [NOON_MS + 395_000, NOON_MS + 1_204_000];
      const cut = rows.filter(({ timeMs, node }) => timeMs >= fromMs && timeMs <= toMs && node === 'n2');
      const some = await read(store, { ...query, fromMs, toMs, node: 'n2', order: 'desc' }, 50);
      expect(some).toEqual({ rows: cut.slice(-50).toReversed(), total: cut.length });

      // Reads without fields are what they always were.
      const plain = await listReadings(store, 'a', {}, ALL);
      expect(plain.total).toBe(3000);
      expect(plain.samples[0]).toEqual({ timeMs: NOON_MS, cpuUsage: 50, memoryUsageMb: 100 });
    },
    60_000,
  );

  test('GPUs of a node are one value without by, as their measure says', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const gpus = { B: { gpu_power_watts: 100, gpu_utilization_percent: 20 }, A: { gpu_power_watts: 50 } };
    await recordAll(store, [made(0, { gpus, measured: { threads: 3 } }), made(1000, {})]);
    const query = { codes: codes('gpu_power_watts', 'threads', 'gpu_utilization_percent') };
    const rows = [
      { timeMs: NOON_MS, gpu_power_watts: 150, threads: 3, gpu_utilization_percent: 20 },
      { timeMs: NOON_MS + 1000 },
    ];
    expect(await read(store, query)).toEqual({ rows, total: 2 });
    await expireAll(store);
    expect(await read(store, query)).toEqual({ rows, total: 2 });
  });

  test('points have further measures of samples, also over several nodes, and counters can be subtracted', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
    const minutes = Array.from({ length: 120 }, (_, minute) => minute);
    await recordAll(
      store,
      minutes.flatMap((minute) => [
        made(minute * MINUTE_MS, { measured: { io_read_bytes: 10 * minute, threads: 4 } }),
        made(minute * MINUTE_MS + 1000, { measured: { io_read_bytes: 5 * minute } }, 'n2'),
      ]),
    );
    const plot = async () => {
      const query = { codes: codes('io_read_bytes', 'threads') };
      const { points, total, spanMs } = await store.plotSamples('a', query, 8);
      expect(spanMs).toBe(892_626);
      expect(total).toBe(240);
      expect([...points.points!.further![0]!.max]).toEqual(
        [14, 29, 44, 59, 74, 89, 104, 119].map((m) => 10 * m),
      );
      return furtherOf(points);
    };
    const expected = Array.from({ length: 8 }, (_, quarter) => ({
      timeMs: NOON_MS + quarter * 892_626,
      io_read_bytes: 15 * (15 * quarter + 14),
      threads: 4,
    }));
    expect(await plot()).toEqual(expected);
    await expireAll(store);
    expect(await plot()).toEqual(expected);
  });

  test('each GPU has points of its own', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
    const at = (second: number, gpus: Record<string, Measured>, node?: string) =>
      made(second * 1000, { gpus }, node);
    await recordAll(store, [
      at(0, { B: { gpu_power_watts: 100 }, A: { gpu_power_watts: 10 } }),
      at(9, { B: { gpu_power_watts: 300 }, A: {} }),
      at(4, { A: { gpu_power_watts: 7 } }, 'n2'),
      at(19, { B: { gpu_power_watts: 50 } }),
    ]);
    const query = { codes: codes('gpu_power_watts'), by: 'gpu' } as const;
    const { points, total, spanMs } = await store.plotSamples('a', { ...query, order: 'desc' }, 2);
    expect([total, spanMs]).toEqual([5, 9501]);
    expect(furtherOf(points)).toEqual([
      { timeMs: NOON_MS + 9501, gpu: 'B', gpu_power_watts: 50 },
      { timeMs: NOON_MS, node: 'n2', gpu: 'A', gpu_power_watts: 7 },
      { timeMs: NOON_MS, gpu: 'B', gpu_power_watts: 200 },
      { timeMs: NOON_MS, gpu: 'A', gpu_power_watts: 10 },
    ]);
    expect([...points.points!.samples]).toEqual([1, 1, 2, 1]);
    expect((await store.plotSamples('a', { ...query, codes: codes('gpu_throttled') }, 5)).total).toBe(0);
  });

  test('points that replaced samples have no further measures, and no rows of GPUs', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const measured = { threads: 4 };
    await recordAll(store, [
      made(0, { measured, gpus: { A: { gpu_power_watts: 1 } } }),
      made(1000, { measured }),
    ]);
    await expireAll(store);
    await expireAll(store, { sampleMs: 0 });
    await recordAll(store, [made(20 * MINUTE_MS, { measured: { threads: 9 } })]);
    const { rows, total } = await read(store, { codes: codes('threads') });
    expect([rows, total]).toEqual([
      [{ timeMs: NOON_MS }, { timeMs: NOON_MS + 20 * MINUTE_MS, threads: 9 }],
      2,
    ]);
    expect(await read(store, { codes: codes('gpu_power_watts'), by: 'gpu' })).toEqual({ rows: [], total: 0 });
    const { points } = await store.plotSamples('a', { codes: codes('threads') }, 2);
    expect(furtherOf(points).map(({ threads }) => threads)).toEqual([undefined, 9]);
  });

  test('runs that became one are read as one, with their further measures', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const [first, second] = ['s0000000000001', 's0000000000002'];
    const run = { id: 'a', user: 'alice', nodes: ['n1'], submitTimeMs: NOON_MS } as const;
    const started = { ...run, source: 'squeue', state: 'running' } as const;
    const later = NOON_MS + HOUR_MS;
    await store.applyReports([{ ...started, observedMs: NOON_MS, startTimeMs: NOON_MS, sluid: first }]);
    await recordAll(store, [made(0, { measured: { threads: 1 }, gpus: { A: { gpu_power_watts: 5 } } })]);
    await expireAll(store);
    await store.applyReports([{ ...started, observedMs: later, startTimeMs: later, sluid: second }]);
    await recordAll(store, [
      made(HOUR_MS, { measured: { threads: 2 }, gpus: { A: { gpu_power_watts: 6 } } }),
    ]);
    const ended = { source: 'sacct', state: 'completed', endTimeMs: later + HOUR_MS } as const;
    const joined = { startTimeMs: NOON_MS, sluid: first, otherSluids: [second], resizedMs: [later] };
    await store.applyReports([{ ...run, ...ended, ...joined, observedMs: later + HOUR_MS }]);
    const rows = [
      { timeMs: NOON_MS, threads: 1 },
      { timeMs: later, threads: 2 },
    ];
    const watts = [
      { timeMs: NOON_MS, gpu: 'A', gpu_power_watts: 5 },
      { timeMs: later, gpu: 'A', gpu_power_watts: 6 },
    ];
    for (const isSealed of [false, true]) {
      if (isSealed) await expireAll(store);
      expect((await read(store, { codes: codes('threads') })).rows).toEqual(rows);
      expect((await read(store, { codes: codes('gpu_power_watts'), by: 'gpu' })).rows).toEqual(watts);
    }
  });

  test('a read ends at the next slice when nobody waits for it', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    await recordAll(
      store,
      makeSamples(1).filter(({ sample }) => sample.node === 'n1'),
    );
    const signal = AbortSignal.abort(new Error('gone'));
    const query = { codes: codes('gpu_power_watts'), by: 'gpu' } as const;
    await expect(store.listSamples('a', query, 10, signal)).rejects.toThrow('gone');
    await expect(store.plotSamples('a', query, 10, signal)).rejects.toThrow('gone');
  });

  test('somebody who may not see a job finds none of its fields', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    await recordAll(store, [made(0, { measured: { threads: 1 } })]);
    const query = { codes: codes('threads') };
    const own = await store.seenBy({ user: 'alice', accounts: [] }).listSamples('a', query, 10);
    expect(furtherOf(own.samples)).toEqual([{ timeMs: NOON_MS, threads: 1 }]);
    for (const by of [undefined, 'gpu'] as const) {
      const hidden = store
        .seenBy({ user: 'bob', accounts: [] })
        .listSamples('a', { ...query, ...(by && { by }) }, 10);
      await expect(hidden).rejects.toMatchObject({ code: 'not_found' });
    }
  });
}
