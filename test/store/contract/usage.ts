import { expect, test } from 'bun:test';
import type { JobPatch } from '../../../src/domain/job.ts';
import type { combineUsage, NewSample } from '../../../src/domain/sample.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

type Step = { sample: NewSample } | { patch: JobPatch; atMs: number };

const reports = (atMs: number, fields: Partial<NewSample>): Step => ({ sample: sample(atMs, fields) });
const backfills = (atMs: number, fields: Partial<NewSample>): Step => ({
  sample: sample(atMs, { ...fields, stamped: false }),
});
const patches = (atMs: number, patch: JobPatch): Step => ({ patch, atMs });

/** What happens to a job on n1 and n2, and its usage after it. */
const HISTORIES: [string, Step[], ReturnType<typeof combineUsage>][] = [
  ['nothing', [], { cpuUsage: 0, memoryUsageMb: 0 }],
  [
    'the newest sample counts',
    [
      reports(1, { cpuUsage: 10, memoryUsageMb: 100, gpuUsage: 1 }),
      reports(2, { cpuUsage: 20, memoryUsageMb: 200, gpuUsage: 2 }),
    ],
    { cpuUsage: 20, memoryUsageMb: 200, gpuUsage: 2, usageTimeMs: NOON_MS + 2 },
  ],
  [
    'a sample without a GPU keeps the last one',
    [
      reports(1, { cpuUsage: 10, memoryUsageMb: 100, gpuUsage: 40 }),
      reports(2, { cpuUsage: 20, memoryUsageMb: 200 }),
    ],
    { cpuUsage: 20, memoryUsageMb: 200, gpuUsage: 40, usageTimeMs: NOON_MS + 2 },
  ],
  [
    'a GPU at 0 is known',
    [reports(1, { cpuUsage: 10, memoryUsageMb: 100, gpuUsage: 0 })],
    { cpuUsage: 10, memoryUsageMb: 100, gpuUsage: 0, usageTimeMs: NOON_MS + 1 },
  ],
  [
    'an older back-filled sample changes nothing',
    [
      reports(5, { cpuUsage: 10, memoryUsageMb: 100 }),
      backfills(4, { cpuUsage: 99, memoryUsageMb: 999, gpuUsage: 99 }),
    ],
    { cpuUsage: 10, memoryUsageMb: 100, usageTimeMs: NOON_MS + 5 },
  ],
  [
    'a newer back-filled sample counts',
    [backfills(4, { cpuUsage: 10, memoryUsageMb: 100 }), backfills(5, { cpuUsage: 20, memoryUsageMb: 200 })],
    { cpuUsage: 20, memoryUsageMb: 200, usageTimeMs: NOON_MS + 5 },
  ],
  [
    'of two samples of one millisecond the later counts',
    [backfills(5, { cpuUsage: 10, memoryUsageMb: 100 }), backfills(5, { cpuUsage: 20, memoryUsageMb: 200 })],
    { cpuUsage: 20, memoryUsageMb: 200, usageTimeMs: NOON_MS + 5 },
  ],
  [
    'a stamped sample counts even if the clock went back',
    [reports(5, { cpuUsage: 10, memoryUsageMb: 100 }), reports(4, { cpuUsage: 20, memoryUsageMb: 200 })],
    { cpuUsage: 20, memoryUsageMb: 200, usageTimeMs: NOON_MS + 4 },
  ],
  [
    'two nodes: means of CPU and GPU, the sum of memory',
    [
      reports(1, { cpuUsage: 20, memoryUsageMb: 100, gpuUsage: 80 }),
      reports(2, { node: 'n2', cpuUsage: 40, memoryUsageMb: 300, gpuUsage: 40 }),
    ],
    { cpuUsage: 30, memoryUsageMb: 400, gpuUsage: 60, usageTimeMs: NOON_MS + 2 },
  ],
  [
    'a node without a GPU does not pull the mean down',
    [
      reports(1, { cpuUsage: 20, memoryUsageMb: 100, gpuUsage: 80 }),
      reports(2, { node: 'n2', cpuUsage: 40, memoryUsageMb: 300 }),
    ],
    { cpuUsage: 30, memoryUsageMb: 400, gpuUsage: 80, usageTimeMs: NOON_MS + 2 },
  ],
  [
    'a sample without a node is the first node’s',
    [
      reports(1, { node: 'n1', cpuUsage: 20, memoryUsageMb: 100 }),
      reports(2, { cpuUsage: 60, memoryUsageMb: 200 }),
    ],
    { cpuUsage: 60, memoryUsageMb: 200, usageTimeMs: NOON_MS + 2 },
  ],
  [
    'one node’s older sample counts beside another’s newer one',
    [
      reports(9, { node: 'n2', cpuUsage: 20, memoryUsageMb: 100 }),
      backfills(1, { node: 'n1', cpuUsage: 40, memoryUsageMb: 100 }),
    ],
    { cpuUsage: 30, memoryUsageMb: 200, usageTimeMs: NOON_MS + 9 },
  ],
  [
    'a patch sets what nobody measured',
    [patches(1, { cpuUsage: 12.5, memoryUsageMb: 1, gpuUsage: 3 })],
    { cpuUsage: 12.5, memoryUsageMb: 1, gpuUsage: 3, usageTimeMs: NOON_MS + 1 },
  ],
  [
    'a patch of the GPU alone',
    [patches(1, { gpuUsage: 3 })],
    { cpuUsage: 0, memoryUsageMb: 0, gpuUsage: 3, usageTimeMs: NOON_MS + 1 },
  ],
  [
    'a patch of one value leaves the others',
    [reports(1, { cpuUsage: 10, memoryUsageMb: 100, gpuUsage: 5 }), patches(2, { cpuUsage: 90 })],
    { cpuUsage: 90, memoryUsageMb: 100, gpuUsage: 5, usageTimeMs: NOON_MS + 2 },
  ],
  [
    'a patch replaces what all nodes reported',
    [
      reports(1, { cpuUsage: 20, memoryUsageMb: 100, gpuUsage: 80 }),
      reports(2, { node: 'n2', cpuUsage: 40, memoryUsageMb: 300, gpuUsage: 40 }),
      patches(3, { cpuUsage: 80, memoryUsageMb: 8192, gpuUsage: 60 }),
    ],
    { cpuUsage: 80, memoryUsageMb: 8192, gpuUsage: 60, usageTimeMs: NOON_MS + 3 },
  ],
  [
    'a patch of CPU alone keeps the memory of all nodes',
    [
      reports(1, { cpuUsage: 20, memoryUsageMb: 100 }),
      reports(2, { node: 'n2', cpuUsage: 40, memoryUsageMb: 300 }),
      patches(3, { cpuUsage: 80 }),
    ],
    { cpuUsage: 80, memoryUsageMb: 400, usageTimeMs: NOON_MS + 3 },
  ],
  [
    'a patch with a zero counts',
    [reports(1, { cpuUsage: 20, memoryUsageMb: 100, gpuUsage: 5 }), patches(2, { cpuUsage: 0, gpuUsage: 0 })],
    { cpuUsage: 0, memoryUsageMb: 100, gpuUsage: 0, usageTimeMs: NOON_MS + 2 },
  ],
  [
    'a sample older than a patch changes nothing',
    [patches(5, { cpuUsage: 80 }), backfills(4, { cpuUsage: 1, memoryUsageMb: 1 })],
    { cpuUsage: 80, memoryUsageMb: 0, usageTimeMs: NOON_MS + 5 },
  ],
  [
    'a sample after a patch counts',
    [
      patches(5, { cpuUsage: 80, memoryUsageMb: 10, gpuUsage: 7 }),
      reports(6, { cpuUsage: 1, memoryUsageMb: 1 }),
    ],
    { cpuUsage: 1, memoryUsageMb: 1, gpuUsage: 7, usageTimeMs: NOON_MS + 6 },
  ],
];

export function usage(makePlace: MakePlace) {
  test.each(HISTORIES)(
    'the current usage of a job after samples and patches: %s',
    async (_, steps, expected) => {
      await using place = await emptyStore(makePlace);
      const { store } = place;
      await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b', { nodes: ['n1', 'n2'] })]);
      for (const step of steps) {
        if ('sample' in step) await store.recordSample('a', step.sample);
        else await store.updateJob('a', step.patch, NOON_MS + step.atMs);
      }
      expect(await store.getJob('a')).toEqual({ ...pastJob('a', { nodes: ['n1', 'n2'] }), ...expected });
      expect(await store.getJob('b')).toMatchObject({ cpuUsage: 0, memoryUsageMb: 0 });
    },
  );

  test('a patch of usage adds no sample to the history', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a')]);
    await place.store.recordSample('a', sample(0));
    await place.store.updateJob('a', { cpuUsage: 80, memoryUsageMb: 1, gpuUsage: 2 }, NOON_MS + 1);
    await place.store.recordSample('a', sample(2));
    const { samples, total } = await listReadings(place.store, 'a', {}, 10);
    expect(samples.map(({ timeMs }) => timeMs - NOON_MS)).toEqual([0, 2]);
    expect(total).toBe(2);
  });
}
