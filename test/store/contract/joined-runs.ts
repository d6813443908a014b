import { expect, test } from 'bun:test';
import type { Report } from '../../../src/domain/report.ts';
import type { JobSample } from '../../../src/domain/store/samples.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import type { Retention } from '../../../src/domain/store/upkeep.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings, type Reading, readingsOf } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
const FIRST = 's0000000000001';
const SECOND = 's0000000000002';

const running = (start: number, fields: Partial<Report> = {}): Report => ({
  ...{ source: 'squeue', observedMs: at(start + 1), id: '7', user: 'alice', state: 'running' },
  ...{ submitTimeMs: at(start), startTimeMs: at(start), nodes: ['n1', 'n2'] },
  ...fields,
});
const record = (start: number, end: number, fields: Partial<Report> = {}): Report => ({
  ...running(start),
  ...{ source: 'sacct', observedMs: at(end), state: 'completed', endTimeMs: at(end) },
  ...fields,
});
const first = running(0, { sluid: FIRST });
const second = running(60, { sluid: SECOND, nodes: ['n1'] });
/** Accounting has the record of a run that was resized when the second one seemed to start. */
const whole = (end: number, fields: Partial<Report> = {}): Report =>
  record(0, end, { sluid: FIRST, otherSluids: [SECOND], resizedMs: [at(60)], nodes: ['n1'], ...fields });

const reading = (minutes: number, cpuUsage: number, fields: Partial<JobSample> = {}): JobSample => ({
  ...{ jobId: '7', timeMs: at(minutes), cpuUsage, memoryUsageMb: 100 * cpuUsage, stamped: false },
  ...fields,
});

async function applyAll(store: Store, reports: readonly Report[]): Promise<void> {
  for (const report of reports) expect(await store.applyReports([report])).toMatchObject({ refused: 0 });
}

async function recordAll(store: Store, samples: readonly JobSample[]): Promise<void> {
  expect(await store.recordSamples(samples)).toMatchObject({ stored: samples.length });
}

async function expireAll(store: Store, retention: Retention, nowMs: number): Promise<void> {
  for (let steps = 0; await store.expire(retention, nowMs); steps++) expect(steps).toBeLessThan(1000);
}
const sealAll = (store: Store) => expireAll(store, {}, NOON_MS + DAY_MS);
const thinAll = (store: Store) => expireAll(store, { sampleMs: 0 }, NOON_MS + DAY_MS);

const show = ({ timeMs, node, cpuUsage }: Reading) => [(timeMs - NOON_MS) / MINUTE_MS, node ?? '', cpuUsage];
const rowsOf = async (store: Store, run?: number, node?: string) => {
  const query = { ...(run && { run }), ...(node && { node }) };
  const { samples, total } = await listReadings(store, '7', query, 1000);
  expect(total).toBe(samples.length);
  return samples.map(show);
};
const startsOf = async (store: Store) =>
  (await Array.fromAsync(store.streamRuns('7'))).map(({ job }) => (job.startTimeMs! - NOON_MS) / MINUTE_MS);

/** What is done to the samples of two runs before the report that makes them one, and after it. */
const WORK: [name: string, (place: { store: Store; reopen(): Promise<void> }) => Promise<void>][] = [
  ['nothing', async () => {}],
  ['a seal', ({ store }) => sealAll(store)],
  ['a restart', (place) => place.reopen()],
];
const PAIRS = WORK.flatMap(([before, doBefore]) =>
  WORK.map(([after, doAfter]) => [before, after, doBefore, doAfter] as const),
);

export function joinedRuns(makePlace: MakePlace) {
  test.each(PAIRS)(
    'an earlier run that turns out to be the latest gives it its samples (%s before, %s after)',
    async (_b, _a, doBefore, doAfter) => {
      await using place = await emptyStore(makePlace);
      await applyAll(place.store, [{ ...first, nodes: ['n1', 'n0'] }]);
      await recordAll(place.store, [
        reading(1, 10),
        reading(2, 20, { node: 'n0' }),
        reading(3, 30, { gpuUsage: 5 }),
      ]);
      await applyAll(place.store, [second]);
      await recordAll(place.store, [reading(61, 40), reading(62, 60)]);
      // Late samples, of which one has the time of a sample of the other run.
      await recordAll(place.store, [reading(4, 50), reading(3, 70, { sluid: SECOND, jobId: '' })]);
      await doBefore(place);
      await applyAll(place.store, [whole(90)]);
      await doAfter(place);
      const { store } = place;
      expect(await startsOf(store)).toEqual([0]);
      const rows = await rowsOf(store);
      expect(rows.toSorted()).toEqual([
        [1, '', 10],
        [2, 'n0', 20],
        [3, '', 30],
        [3, '', 70],
        [4, '', 50],
        [61, '', 40],
        [62, '', 60],
      ]);
      expect(rows.map(([minutes]) => minutes)).toEqual([1, 2, 3, 3, 4, 61, 62]);
      // The run is on n1 alone; what n0 reported while the run had it remains readable.
      expect(await rowsOf(store, undefined, 'n0')).toEqual([[2, 'n0', 20]]);
      const { whole: total, nodes } = await store.summarizeJob('7');
      expect(total).toMatchObject({ samples: 7, observedSeconds: 61 * 60 });
      expect(nodes).toEqual([
        {
          ...{ node: 'n1', samples: 6, observedSeconds: 61 * 60 },
          cpuUsage: { mean: Number((260 / 6).toFixed(6)), max: 70 },
          memoryUsageMb: { mean: Number((26_000 / 6).toFixed(6)), max: 7000 },
          gpuUsage: { mean: 5, max: 5 },
        },
        {
          ...{ node: 'n0', samples: 1, observedSeconds: 0 },
          cpuUsage: { mean: 20, max: 20 },
          memoryUsageMb: { mean: 2000, max: 2000 },
        },
      ]);
      const plot = await store.plotSamples('7', {}, 1);
      expect(plot.total).toBe(7);
      expect(readingsOf(plot.points)[0]!.point).toMatchObject({
        samples: 7,
        cpuUsage: { min: 10, mean: 40, max: 70 },
      });
      // The newest of n1, with the GPU of the last sample that had one; n0 is no longer a node of the job.
      const usage = { cpuUsage: 60, memoryUsageMb: 6000, gpuUsage: 5, usageTimeMs: at(62) };
      expect(await store.getJob('7')).toMatchObject(usage);
      const live = (await Array.fromAsync(store.liveSeries(0))).flat();
      expect(
        live.filter(({ cpuUsage }) => cpuUsage !== null).map(({ node, cpuUsage }) => [node, cpuUsage]),
      ).toEqual([['n1', 60]]);
    },
  );

  test('samples of both runs that are sent again are repeats, and new ones follow them', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const samples = [reading(1, 1), reading(2, 2, { node: 'n2' }), reading(61, 3), reading(70, 4)];
    await applyAll(store, [first]);
    await recordAll(store, samples.slice(0, 2));
    await applyAll(store, [second]);
    await recordAll(store, samples.slice(2));
    await applyAll(store, [whole(90, { nodes: ['n1', 'n2'] })]);
    expect(await store.recordSamples(samples)).toMatchObject({ stored: 0, repeated: 4 });
    await sealAll(store);
    expect(await store.recordSamples(samples)).toMatchObject({ stored: 0, repeated: 4 });
    expect(await store.recordSamples([reading(3, 5, { node: 'n2' }), reading(30, 6)])).toMatchObject({
      stored: 2,
    });
    await store.recordSample('7', reading(80, 7, { stamped: true }));
    const rows = [
      [1, '', 1],
      [2, 'n2', 2],
      [3, 'n2', 5],
      [30, '', 6],
      [61, '', 3],
      [70, '', 4],
      [80, '', 7],
    ];
    expect(await rowsOf(store)).toEqual(rows);
    await sealAll(store);
    await place.reopen();
    expect(await rowsOf(place.store)).toEqual(rows);
    expect((await place.store.summarizeJob('7')).whole.samples).toBe(7);
    // Both nodes are the job's: CPU 5 on n2 and 7 on n1.
    expect(await place.store.getJob('7')).toMatchObject({ cpuUsage: 6, memoryUsageMb: 1200 });
  });

  test('points of both runs in one quarter of an hour become one, whenever they are thinned', async () => {
    for (const isThinnedBefore of [true, false]) {
      await using place = await emptyStore(makePlace);
      const { store } = place;
      await applyAll(store, [first]);
      await recordAll(store, [reading(50, 10), reading(61, 20), reading(62, 30)]);
      await applyAll(store, [second]);
      await recordAll(store, [reading(63, 70), reading(64, 80, { gpuUsage: 9 }), reading(80, 90)]);
      if (isThinnedBefore) await thinAll(store);
      await applyAll(store, [whole(90)]);
      await thinAll(store);
      const { samples, total } = await listReadings(store, '7', {}, 10);
      expect(total).toBe(3);
      expect(samples.map(({ timeMs, point }) => [(timeMs - NOON_MS) / MINUTE_MS, point])).toMatchObject([
        [45, { samples: 1, cpuUsage: { min: 10, mean: 10, max: 10 } }],
        [60, { samples: 4, cpuUsage: { min: 20, mean: 50, max: 80 }, gpuUsage: { samples: 1, mean: 9 } }],
        [75, { samples: 1, cpuUsage: { min: 90, mean: 90, max: 90 } }],
      ]);
      const range = { fromMs: at(60), toMs: at(74), order: 'desc' as const };
      expect(await listReadings(store, '7', range, 10)).toMatchObject({
        total: 1,
        samples: [{ cpuUsage: 50 }],
      });
      expect((await listReadings(store, '7', { fromMs: at(61), toMs: at(70) }, 10)).total).toBe(0);
      expect(readingsOf((await store.plotSamples('7', {}, 1)).points)[0]!.point!.samples).toBe(6);
      expect((await store.summarizeJob('7')).whole).toMatchObject({
        samples: 6,
        cpuUsage: { mean: 50, max: 90 },
      });
    }
  });

  test('a run gets the samples of another, and none of a job that was deleted', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [first]);
    await recordAll(store, [reading(1, 1)]);
    await applyAll(store, [second, { ...first, id: '8' }]);
    await recordAll(store, [reading(1, 2, { jobId: '8' })]);
    await store.deleteJob('8');
    await expireAll(store, {}, at(2));
    await applyAll(store, [whole(90)]);
    expect(await rowsOf(store)).toEqual([[1, '', 1]]);
    expect((await store.summarizeJob('7')).whole.samples).toBe(1);
  });

  test('two earlier runs that turn out to be one keep their samples, and so does the latest', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [first]);
    await recordAll(store, [reading(1, 1), reading(2, 2, { node: 'n2' })]);
    await applyAll(store, [second]);
    await recordAll(store, [reading(61, 3)]);
    await applyAll(store, [running(100, { restarts: 1, sluid: 's0000000000003' })]);
    await recordAll(store, [reading(101, 4)]);
    await sealAll(store);
    await recordAll(store, [reading(5, 5)]);
    await applyAll(store, [whole(90)]);
    expect(await startsOf(store)).toEqual([100, 0]);
    expect([await rowsOf(store, 1), await rowsOf(store, 2)]).toEqual([
      [
        [1, '', 1],
        [2, 'n2', 2],
        [5, '', 5],
        [61, '', 3],
      ],
      [[101, '', 4]],
    ]);
    // Later samples of the earlier run are its own.
    await recordAll(store, [reading(62, 6)]);
    expect((await store.summarizeJob('7', 1)).whole.samples).toBe(5);
    const [, earlier] = await Array.fromAsync(store.streamRuns('7'));
    expect(earlier).toMatchObject({ job: { cpuUsage: 6 }, summary: { whole: { samples: 5 } } });
  });

  test('a run that never was the latest takes over the samples of one that was', async () => {
    for (const isLatest of [true, false]) {
      await using place = await emptyStore(makePlace);
      const { store } = place;
      await applyAll(store, [running(60, { sluid: SECOND })]);
      await recordAll(store, [reading(61, 1), reading(62, 2, { node: 'n2' })]);
      if (!isLatest) await applyAll(store, [running(200, { restarts: 1, sluid: 's0000000000009' })]);
      // Known from accounting alone, so that it has no samples.
      await applyAll(store, [record(0, 30)]);
      expect(await startsOf(store)).toEqual(isLatest ? [60, 0] : [200, 60, 0]);
      // The surest source has another start for the run with samples: that of the other one.
      await applyAll(store, [record(0, 90, { source: 'jobcomp', sluid: SECOND })]);
      expect(await startsOf(store)).toEqual(isLatest ? [0] : [200, 0]);
      expect(await rowsOf(store, 1)).toEqual([
        [61, '', 1],
        [62, 'n2', 2],
      ]);
      await recordAll(store, [reading(63, 3)]);
      expect((await store.summarizeJob('7', 1)).whole.samples).toBe(3);
    }
  });

  test('runs join in a chain, and the samples of all go when the job is deleted', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const sluids = ['s0000000000001', 's0000000000002', 's0000000000003', 's0000000000004'];
    for (const [index, sluid] of sluids.entries()) {
      await applyAll(store, [running(60 * index, { sluid })]);
      await recordAll(store, [reading(60 * index + 1, index + 1)]);
      if (index % 2 === 0) await sealAll(store);
    }
    const join = (fields: Partial<Report>) => record(0, 230, { ...fields, sluid: sluids[0]! });
    await applyAll(store, [join({ resizedMs: [at(60)] }), join({ resizedMs: [at(120)] })]);
    expect(await startsOf(store)).toEqual([180, 0]);
    await applyAll(store, [join({ resizedMs: [at(180)] })]);
    expect(await startsOf(store)).toEqual([0]);
    expect((await rowsOf(store)).map(([, , cpuUsage]) => cpuUsage)).toEqual([1, 2, 3, 4]);
    await store.deleteJob('7');
    await applyAll(store, [first]);
    await recordAll(store, [reading(1, 9)]);
    await sealAll(store);
    expect(await rowsOf(store)).toEqual([[1, '', 9]]);
  });
}
