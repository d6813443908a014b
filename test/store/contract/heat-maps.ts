import { expect, test } from 'bun:test';
import { GAP } from '../../../src/domain/heat-map.ts';
import { MEASURES } from '../../../src/domain/measure.ts';
import type { HeatMapQuery } from '../../../src/domain/store/samples.ts';
import { MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { batchMeasures } from '../../help/further.ts';
import { emptyStore, type MakePlace } from './place.ts';

const HOUR_MS = 60 * MINUTE_MS;
const NODES = ['n1', 'n2', 'n3'];
const UTILIZATION = MEASURES.get('gpu_utilization_percent')!.code;

/** Five hours at a sample a minute; n3 is silent in the third, and each node has two GPUs. */
async function filled(makePlace: MakePlace) {
  const place = await emptyStore(makePlace);
  await place.store.createJobs([pastJob('a', { nodes: NODES })]);
  const samples = Array.from({ length: 300 }, (_, minute) => minute).flatMap((minute) =>
    NODES.filter((node) => node !== 'n3' || minute < 120 || minute >= 180).map((node) => ({
      jobId: 'a',
      node,
      ...sample(minute * MINUTE_MS, { cpuUsage: (minute / 3) % 100, stamped: false }),
    })),
  );
  const further = samples.map(({ node }) => ({
    gpus: { [`${node}-0`]: { [UTILIZATION]: 10 }, [`${node}-1`]: { [UTILIZATION]: 90 } },
  }));
  await place.store.recordSamples(samples, batchMeasures(further));
  return place;
}

export function heatMaps(makePlace: MakePlace) {
  test('a heat map is the same from sealed and from unsealed samples', async () => {
    await using place = await filled(makePlace);
    const queries: HeatMapQuery[] = [
      { field: 'cpu_usage', columns: 300 },
      { field: 'memory_usage_mb', columns: 7 },
      { field: 'cpu_usage', columns: 20, fromMs: NOON_MS + HOUR_MS, toMs: NOON_MS + 3 * HOUR_MS },
      { field: 'gpu_utilization_percent', columns: 5, node: 'n2' },
      { field: 'gpu_utilization_percent', columns: 5, by: 'gpu' },
    ];
    const maps = () => Promise.all(queries.map((query) => place.store.mapSamples('a', query)));
    const unsealed = await maps();
    while (await place.store.expire({}, NOON_MS + 48 * HOUR_MS));
    expect(await maps()).toEqual(unsealed);
    expect(unsealed[0]!.spans.count).toBe(149);
    expect(unsealed[4]!.rows.map(({ node, gpu, mean }) => [node, gpu, mean])).toEqual(
      NODES.flatMap((node) => [
        [node, `${node}-0`, 10],
        [node, `${node}-1`, 90],
      ]),
    );
  });

  test('a heat map has gaps where a node was silent, and a trace says so', async () => {
    await using place = await filled(makePlace);
    const { cells, rows } = await place.store.mapSamples('a', { field: 'cpu_usage', columns: 5 });
    const gaps = [...cells].map((cell) => cell === GAP);
    expect(gaps).toEqual([...Array(12).fill(false), true, false, false]);
    expect(rows.map(({ node }) => node)).toEqual(NODES);
    const traces = await place.store.traceSamples('a');
    expect(traces.map(({ node, samples, missing }) => [node, samples, missing])).toEqual([
      ['n1', 300, 0],
      ['n2', 300, 0],
      ['n3', 240, 60],
    ]);
  });

  test('samples that became points keep their place in a heat map, and their number in a trace', async () => {
    await using place = await filled(makePlace);
    const nowMs = NOON_MS + 48 * HOUR_MS;
    while (await place.store.expire({ sampleMs: HOUR_MS }, nowMs));
    const { cells, spans } = await place.store.mapSamples('a', { field: 'cpu_usage', columns: 5 });
    expect(spans.spanMs).toBe(HOUR_MS);
    expect([...cells].map((cell) => cell === GAP)).toEqual([...Array(12).fill(false), true, false, false]);
    const traces = await place.store.traceSamples('a');
    expect(traces.map(({ samples, intervalMs }) => [samples, intervalMs])).toEqual([
      [300, MINUTE_MS],
      [300, MINUTE_MS],
      [240, MINUTE_MS],
    ]);
  });
}
