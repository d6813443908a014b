import { expect, test } from 'bun:test';
import type { LiveMeasures } from '../../../src/domain/live-measures.ts';
import { MEASURES_BY_CODE } from '../../../src/domain/measure.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { recordWide } from '../../help/wide-rows.ts';
import { emptyStore, type MakePlace } from './place.ts';

/** The live measures by job and node, values as texts. */
async function measuresOf(store: Store): Promise<Record<string, unknown>> {
  const rows = (await Array.fromAsync(store.liveSeries(0))).flat();
  const show = ({ values, ...given }: LiveMeasures) => ({
    ...given,
    values: values.map(({ code, gpu, value }) => `${gpu}${MEASURES_BY_CODE.get(code)!.name} ${value}`),
  });
  return Object.fromEntries(
    rows.flatMap(({ jobId, node, measures }) => (measures ? [[`${jobId} ${node}`, show(measures)]] : [])),
  );
}

async function sealAll(store: Store): Promise<void> {
  for (let steps = 0; await store.expire({}, NOON_MS + 86_400_000); steps++) expect(steps).toBeLessThan(1000);
}

export function liveMeasures(makePlace: MakePlace) {
  test('live series have the measures of the newest sample that has any, on each node, also over a restart', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b')]);
    expect(await measuresOf(place.store)).toEqual({});
    await recordWide(place.store, 'a', [
      { minute: 0, values: { cpu_seconds: 1 } },
      {
        minute: 2,
        values: { cpu_seconds: 5.5, memory_oom_kills: 0, io_reads: 7 },
        gpus: {
          'GPU-a': { gpu_utilization_percent: 0, gpu_power_watts: 70 },
          'GPU-ü': { gpu_utilization_percent: 90, gpu_throttled: 1 },
        },
      },
      { minute: 2, node: 'n2', values: { cpu_seconds: 9 } },
      { minute: 1, values: { cpu_seconds: 3, cpus_allocated: 4 } },
      { minute: 3 },
    ]);
    await place.store.recordSample('a', sample(240_000));
    await place.store.recordSample('b', sample(0));
    const expected = {
      'a n1': {
        values: [
          'cpu_seconds 5.5',
          'memory_oom_kills 0',
          'GPU-agpu_utilization_percent 0',
          'GPU-agpu_power_watts 70',
          'GPU-ügpu_utilization_percent 90',
        ],
      },
      'a n2': { values: ['cpu_seconds 9'] },
    };
    expect(await measuresOf(place.store)).toEqual(expected);
    await place.reopen();
    expect(await measuresOf(place.store)).toEqual(expected);
    await sealAll(place.store);
    expect(await measuresOf(place.store)).toEqual(expected);
    await recordWide(place.store, 'a', [{ minute: 9, node: 'n2', values: { cpus_allocated: 2 } }]);
    expect(await measuresOf(place.store)).toEqual({ ...expected, 'a n2': { values: ['cpus_allocated 2'] } });
  });

  test('a batch of several parts leaves the measures of its last sample', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a')]);
    const gpu = (value: number) => ({ 'GPU-a': { gpu_power_watts: value } });
    const rows = Array.from({ length: 6000 }, (_, at) => ({
      minute: at / 60,
      values: { cpu_seconds: at },
      gpus: gpu(at),
    }));
    await recordWide(place.store, 'a', rows);
    expect(await measuresOf(place.store)).toEqual({
      'a n1': { values: ['cpu_seconds 5999', 'GPU-agpu_power_watts 5999'] },
    });
  });

  test('the measures of a run that ended are dropped when its samples are sealed, and of one that runs they stay', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('ends'), pastJob('runs')]);
    for (const id of ['ends', 'runs'])
      await recordWide(store, id, [{ minute: 0, values: { cpu_seconds: 1 } }]);
    await store.updateJob('ends', { state: 'completed' }, NOON_MS + 60_000);
    const measured = { values: ['cpu_seconds 1'] };
    expect(await measuresOf(store)).toEqual({ 'ends n1': measured, 'runs n1': measured });
    await sealAll(store);
    expect(await measuresOf(store)).toEqual({ 'runs n1': measured });
  });

  test('the time limit and the GPUs on a node come from the scheduler, and are absent where it does not know', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const running = (id: string, fields: Partial<Report>): Report => ({
      ...{ source: 'squeue', observedMs: NOON_MS, id, user: 'alice', state: 'running', startTimeMs: NOON_MS },
      nodes: ['n1'],
      ...fields,
    });
    await store.applyReports([
      running('1', { timeLimitSeconds: 3600, gpus: 2 }),
      running('2', { nodes: ['n1', 'n2'], gpus: 3, allocations: [{ node: 'n2', gpuIds: ['0', '1'] }] }),
      running('3', { nodes: ['n1', 'n2'], gpus: 0 }),
      running('4', {}),
    ]);
    for (const id of ['1', '2', '3', '4']) {
      const nodes = id === '2' ? ['n1', 'n2'] : ['n1'];
      await recordWide(
        store,
        id,
        nodes.map((node) => ({ minute: 1, node, values: { cpu_seconds: 1 } })),
      );
    }
    const values = ['cpu_seconds 1'];
    expect(await measuresOf(store)).toEqual({
      '1 n1': { values, timeLimitSeconds: 3600, gpusAllocated: 2 },
      '2 n1': { values },
      '2 n2': { values, gpusAllocated: 2 },
      '3 n1': { values, gpusAllocated: 0 },
      '4 n1': { values },
    });
  });
}
