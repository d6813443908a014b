import { expect, test } from 'bun:test';
import type { Report } from '../../../src/domain/report.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import type { Retention } from '../../../src/domain/store/upkeep.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { recordWide, type WideRow } from '../../help/wide-rows.ts';
import { emptyStore, type MakePlace } from './place.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;
async function expireAll(store: Store, retention: Retention): Promise<void> {
  for (let steps = 0; await store.expire(retention, NOON_MS + DAY_MS); steps++)
    expect(steps).toBeLessThan(1000);
}

const EARLY: readonly WideRow[] = [
  {
    minute: 0,
    values: { cpu_seconds: 0, memory_anonymous_bytes: 100, memory_peak_bytes: 200, io_reads: 5 },
    gpus: { 'GPU-a': { gpu_utilization_percent: 0 }, 'GPU-b': { gpu_utilization_percent: 50 } },
  },
  { minute: 1, node: 'n2', values: { cpu_seconds: 7.5 } },
  { minute: 2 },
];
const LATE: readonly WideRow[] = [
  {
    minute: 10,
    values: { cpu_seconds: 90, memory_anonymous_bytes: 300, memory_peak_bytes: 400, gpu_energy_joules: 600 },
    gpus: { 'GPU-a': { gpu_utilization_percent: 30, gpu_memory_used_bytes: 8 } },
  },
  {
    minute: 5,
    values: { gpu_energy_joules: 100, gpu_power_seconds: 150, gpu_held_seconds: 600 },
    gpus: { 'GPU-b': { gpu_utilization_percent: 0 } },
  },
];

const N1 = {
  measured: {
    cpuSeconds: 90,
    memoryAnonymousBytes: { mean: 200, max: 300 },
    memoryPeakBytes: 400,
    energy: [{ method: 'gpu_power', joules: 600, coverage: 0.25 }],
    gpus: 2,
    gpuIdleShare: 0.5,
  },
  gpus: [
    {
      gpu: 'GPU-a',
      utilizationPercent: { mean: 15, max: 30 },
      idleShare: 0.5,
      memoryUsedBytes: { mean: 8, max: 8 },
    },
    { gpu: 'GPU-b', utilizationPercent: { mean: 25, max: 50 }, idleShare: 0.5 },
  ],
};

async function expectSummary(store: Store): Promise<void> {
  const { whole, nodes } = await store.summarizeJob('a');
  expect(whole).toMatchObject({ samples: 5, measured: { ...N1.measured, cpuSeconds: 97.5 } });
  expect(nodes.map(({ node, measured, gpus }) => ({ node, measured, gpus }))).toEqual([
    { node: 'n1', ...N1 } as never,
    { node: 'n2', measured: { cpuSeconds: 7.5 }, gpus: undefined },
  ]);
}

export function measureSummaries(makePlace: MakePlace) {
  test('the summary has the further measures of all samples, in the log, sealed, partly sealed, and gone', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
    await recordWide(place.store, 'a', EARLY);
    await recordWide(place.store, 'a', LATE);
    await expectSummary(place.store);
    await expireAll(place.store, {});
    await expectSummary(place.store);
    await place.reopen();
    await expectSummary(place.store);
    await expireAll(place.store, { sampleMs: 0, summaryMs: 0 });
    await expectSummary(place.store);
    await place.store.createJobs([pastJob('b', { nodes: ['n1', 'n2'] })]);
    await recordWide(place.store, 'b', EARLY);
    await expireAll(place.store, {});
    await recordWide(place.store, 'b', LATE);
    const [sealed, partly] = [await place.store.summarizeJob('a'), await place.store.summarizeJob('b')];
    expect(partly).toEqual(sealed);
    await expireAll(place.store, {});
    expect(await place.store.summarizeJob('b')).toEqual(sealed);
  });

  test('a job without further measures has none in its summary', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a')]);
    await recordWide(place.store, 'a', [{ minute: 0 }, { minute: 1, values: { io_reads: 1 } }]);
    for (const _ of ['unsealed', 'sealed']) {
      const { whole, nodes } = await place.store.summarizeJob('a');
      expect([whole, ...nodes].flatMap((one) => Object.keys(one))).not.toContain('measured');
      await expireAll(place.store, {});
    }
  });

  test.each(['in the log', 'sealed before', 'sealed after'])(
    'runs that turn out to be one have the measures of both (%s)',
    async (when) => {
      await using place = await emptyStore(makePlace);
      const { store } = place;
      const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
      const running = (start: number, sluid: string): Report => ({
        ...{ source: 'squeue', observedMs: at(start + 1), id: '7', user: 'alice', state: 'running' },
        ...{ submitTimeMs: at(start), startTimeMs: at(start), nodes: ['n1'], sluid },
      });
      const [first, second] = ['s0000000000001', 's0000000000002'] as const;
      await store.applyReports([running(0, first)]);
      const gpus = (percent: number) => ({ 'GPU-a': { gpu_utilization_percent: percent } });
      await recordWide(store, '7', [{ minute: 10, values: { cpu_seconds: 60 }, gpus: gpus(0) }]);
      await store.applyReports([running(60, second)]);
      await recordWide(store, '7', [{ minute: 70, values: { cpu_seconds: 100 }, gpus: gpus(50) }]);
      expect((await store.summarizeJob('7')).whole.measured).toMatchObject({
        cpuSeconds: 100,
        gpuIdleShare: 0,
      });
      if (when === 'sealed before') await expireAll(store, {});
      const whole: Report = {
        ...running(0, first),
        ...{ source: 'sacct', observedMs: at(120), state: 'completed', endTimeMs: at(120) },
        ...{ otherSluids: [second], resizedMs: [at(60)] },
      };
      await store.applyReports([whole]);
      if (when === 'sealed after') await expireAll(store, {});
      const summary = await store.summarizeJob('7');
      expect(summary.whole).toMatchObject({ samples: 2, measured: { cpuSeconds: 100, gpuIdleShare: 0.5 } });
      expect(summary.nodes.map(({ gpus }) => gpus)).toEqual([
        [{ gpu: 'GPU-a', utilizationPercent: { mean: 25, max: 50 }, idleShare: 0.5 }],
      ]);
    },
  );
}
