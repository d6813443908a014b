import { expect, test } from 'bun:test';
import type { OwnSight } from '../../../src/domain/caller.ts';
import type { JobSample } from '../../../src/domain/store/samples.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { codeOf, MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const EVENING_MS = NOON_MS + 24 * 60 * MINUTE_MS;

async function sealAll(store: Store): Promise<void> {
  for (let steps = 0; steps < 2000; steps++) if (!(await store.expire({}, EVENING_MS))) return;
  throw new Error('expire never says that it is done');
}

const task = (id: string, number: number | undefined, fields: object = {}, details: object = {}) =>
  pastJob(id, {
    details: { arrayJobId: '7', ...(number !== undefined && { arrayTaskId: number }), ...details },
    ...fields,
  });

const sample = (jobId: string, minute: number, fields: Partial<JobSample> = {}): JobSample => ({
  ...{ jobId, node: 'n1', timeMs: NOON_MS + minute * MINUTE_MS, stamped: false },
  ...{ cpuUsage: 10 * minute, memoryUsageMb: 100 + minute },
  ...fields,
});

export function arrays(makePlace: MakePlace) {
  test('the tasks of an array come in the order of their numbers, and no job of another array', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([
      task(
        '10',
        10,
        { state: 'completed', endTimeMs: NOON_MS + 2 * MINUTE_MS },
        { cpus: 4, rawState: 'COMPLETED' },
      ),
      task('9', 2),
      task('7', undefined, { state: 'pending' }),
      pastJob('8', { details: { arrayJobId: '70', arrayTaskId: 1 } }),
      pastJob('1'),
    ]);
    const { tasks, isPartial } = await store.readArray('7', NOON_MS + MINUTE_MS);
    expect(isPartial).toBe(false);
    expect(tasks.map(({ jobId, taskId }) => [jobId, taskId])).toEqual([
      ['7', undefined],
      ['9', 2],
      ['10', 10],
    ]);
    expect(tasks[1]).toEqual({
      ...{ jobId: '9', taskId: 2, user: 'alice', state: 'running' },
      ...{ startTimeMs: NOON_MS, runtimeSeconds: 60, nodes: 1 },
    });
    expect(tasks[2]).toMatchObject({
      ...{ state: 'completed', rawState: 'COMPLETED', cpus: 4 },
      ...{ endTimeMs: NOON_MS + 2 * MINUTE_MS, runtimeSeconds: 120 },
    });
    expect(await codeOf(store.readArray('71', NOON_MS))).toBe('not_found');
  });

  test('the usage of tasks is that of all their samples, before they are sealed, after, and in between', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([task('a', 1, { nodes: ['n1', 'n2'] }), task('b', 2), task('c', 3)]);
    const read = async () => {
      const { tasks } = await store.readArray('7', NOON_MS);
      for (const { jobId, cpuUsage, memoryPeakMb, gpuUsage } of tasks) {
        const { whole } = await store.summarizeJob(jobId);
        expect([cpuUsage, memoryPeakMb, gpuUsage]).toEqual([
          whole.cpuUsage?.mean,
          whole.memoryUsageMb?.max,
          whole.gpuUsage?.mean,
        ]);
      }
      return tasks.map(({ cpuUsage, memoryPeakMb, gpuUsage }) => [cpuUsage, memoryPeakMb, gpuUsage]);
    };
    await store.recordSamples([
      ...[sample('a', 1), sample('a', 2), sample('a', 1, { node: 'n2', cpuUsage: 85, gpuUsage: 40 })],
      sample('b', 3),
    ]);
    const first = [
      [50, 203, 40],
      [30, 103, undefined],
      [undefined, undefined, undefined],
    ];
    expect(await read()).toEqual(first);
    await sealAll(store);
    expect(await read()).toEqual(first);
    await store.recordSamples([sample('b', 5)]);
    expect((await read())[1]).toEqual([40, 105, undefined]);
  });

  test('somebody sees only the tasks that are theirs, and without any the array does not exist', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([
      task('a', 1),
      task('b', 2, { user: 'bob' }),
      task('c', 3, { user: 'bob' }, { account: 'physics' }),
    ]);
    const idsOf = async (sight: OwnSight) =>
      (await store.seenBy(sight).readArray('7', NOON_MS)).tasks.map(({ jobId }) => jobId);
    expect(await idsOf({ user: 'alice', accounts: [] })).toEqual(['a']);
    expect(await idsOf({ user: 'alice', accounts: ['physics'] })).toEqual(['a', 'c']);
    expect(await codeOf(idsOf({ user: 'carol', accounts: [] }))).toBe('not_found');
  });
}
