import { expect, test } from 'bun:test';
import type { NodeJob } from '../../../src/domain/nodes/node-job.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { nodeReport } from '../../help/node-report.ts';
import { emptyStore, type MakePlace } from './place.ts';

const jobsOf = async (store: Store, node?: string): Promise<NodeJob[]> =>
  (await Array.fromAsync(store.nodeJobs(node))).flat();

const placesOf = async (store: Store, node?: string) =>
  (await jobsOf(store, node)).map(({ jobId, node: name }) => `${jobId} ${name}`).sort();

export function nodeJobs(makePlace: MakePlace) {
  test('running jobs are listed once for each of their nodes, and of one node alone', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([
      pastJob('a', { nodes: ['n1', 'n2'] }),
      pastJob('b', { nodes: ['n2'] }),
      pastJob('pending', { state: 'pending' }),
      pastJob('ended', { state: 'failed', endTimeMs: NOON_MS + 1 }),
    ]);
    expect(await placesOf(store)).toEqual(['a n1', 'a n2', 'b n2']);
    expect(await placesOf(store, 'n2')).toEqual(['a n2', 'b n2']);
    expect(await placesOf(store, 'n9')).toEqual([]);
  });

  test('a job on a node has its part of the job, as its Prolog said or an equal one, and its usage there', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const details = { account: 'physics', partition: 'gpu', name: 'train', cpus: 12, gpus: 4 };
    const allocations = [{ node: 'n2', cpus: 4, gpuIds: ['0'] }];
    await store.createJobs([
      pastJob('a', { nodes: ['n1', 'n2'], details: { ...details, memoryLimitMb: 3000, allocations } }),
    ]);
    await store.recordSample('a', sample(5, { node: 'n2', gpuUsage: 7 }));
    const known = {
      ...{ jobId: 'a', user: 'alice', account: 'physics', partition: 'gpu', name: 'train', nodes: 2 },
      ...{ startTimeMs: NOON_MS, memoryMb: 1500 },
    };
    const n1 = { ...known, node: 'n1', cpus: 6, gpus: 2 };
    const usage = { usageTimeMs: NOON_MS + 5, cpuUsage: 50, memoryUsageMb: 1000, gpuUsage: 7 };
    const n2 = { ...known, node: 'n2', cpus: 4, gpus: 1, gpuIds: ['0'], ...usage };
    const all = await jobsOf(store);
    expect(all.sort((one, other) => (one.node < other.node ? -1 : 1))).toEqual([n1, n2]);
    expect(await jobsOf(store, 'n2')).toEqual([n2]);
  });

  test('a job without details has no part that is known', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a')]);
    expect(await jobsOf(place.store)).toEqual([
      { jobId: 'a', user: 'alice', node: 'n1', nodes: 1, startTimeMs: NOON_MS },
    ]);
  });

  test('the report of one node is found by its name', async () => {
    await using place = await emptyStore(makePlace);
    const received = { report: nodeReport(), receivedMs: NOON_MS };
    await place.store.recordSamples([], undefined, received);
    expect(await place.store.nodeReport('n1')).toEqual(received);
    expect(await place.store.nodeReport('n2')).toBeUndefined();
  });
}
