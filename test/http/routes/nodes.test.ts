import { expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import type { NodeListAnswer } from '../../../src/api/node-list.ts';
import type { Identity } from '../../../src/domain/caller.ts';
import type { SchedulerNodes } from '../../../src/domain/nodes/scheduler-node.ts';
import { MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const ALICE: Identity = { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true };
const asAlice = { ways: [() => ALICE] };

const REPORT = {
  ...{ node: 'n1', timestamp: '2026-01-20T11:59:57.000Z', version: '1.0.0', interval_seconds: 15 },
  ...{ jobs: 2, cpus: 64, job_cpus_used: 3 },
  gpus: [{ gpu: 'GPU-1', model: 'H100', utilization_percent: 30 }],
  collectors: [{ name: 'memory', message: 'No cgroup counts memory.' }],
};
const SCHEDULER: SchedulerNodes = {
  timeMs: NOON_MS - 1000,
  nodes: new Map([
    [
      'n3',
      {
        ...{ node: 'n3', state: 'idle+drain', condition: 'drained', reason: 'bad fan', partitions: ['gpu'] },
        ...{ cpus: 4, cpusAllocated: 0, gpus: [{ model: 'a100', total: 2, allocated: 0 }], features: ['ib'] },
      },
    ],
  ]),
};

test('the nodes of agents, of running jobs and of the scheduler are listed by name', async () => {
  await using service = await startService({ scheduler: SCHEDULER });
  await service.send('POST', '/v1/samples', { report: REPORT });
  await service.send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n2'], cpus: 8 });
  const { json } = await service.send('GET', '/v1/nodes');
  expect(json).toEqual({
    timestamp: '2026-01-20T12:00:00.000Z',
    scheduler_timestamp: '2026-01-20T11:59:59.000Z',
    free_gpus: [
      {
        ...{ model: 'a100', total: 2, allocated: 0, free: 0, blocked: 2 },
        partitions: [{ partition: 'gpu', total: 2, allocated: 0, free: 0, blocked: 2 }],
      },
      { model: 'H100', total: 1, allocated: 0, free: 1, blocked: 0, partitions: [] },
    ],
    nodes: [
      {
        ...{ node: 'n1', jobs: 0, job_ids: [], cpus: { total: 64, allocated: 0, used: 3 } },
        ...{ memory_mb: { allocated: 0 }, gpus: { total: 1, allocated: 0, used: 0.3 } },
        gpu_models: [{ model: 'H100', total: 1 }],
        agent: {
          ...{ received: '2026-01-20T12:00:00.000Z', silent: false, version: '1.0.0' },
          ...{ clock_difference_seconds: 3, troubles: ['No cgroup counts memory.'] },
        },
      },
      {
        ...{ node: 'n2', jobs: 1, job_ids: ['a'], cpus: { allocated: 8 }, memory_mb: {}, gpus: {} },
        gpu_models: [],
      },
      {
        ...{ node: 'n3', jobs: 0, job_ids: [], cpus: { total: 4, allocated: 0 } },
        ...{ memory_mb: { allocated: 0 }, gpus: { total: 2, allocated: 0 } },
        gpu_models: [{ model: 'a100', total: 2, allocated: 0 }],
        scheduler: {
          ...{ state: 'idle+drain', condition: 'drained', reason: 'bad fan' },
          ...{ partitions: ['gpu'], features: ['ib'] },
        },
      },
    ],
  });
});

test('an agent that stopped reporting is silent, and all who ask within seconds get the same text, packed', async () => {
  await using service = await startService();
  await service.send('POST', '/v1/samples', { report: REPORT });
  const ask = async () => {
    const request = new Request('http://localhost/v1/nodes', { headers: { 'accept-encoding': 'gzip' } });
    const answer = await service.app.handle(request);
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    return JSON.parse(gunzipSync(await answer.arrayBuffer()).toString()) as NodeListAnswer;
  };
  const first = await ask();
  expect(first.nodes[0]!.agent!.silent).toBe(false);
  service.clock.advance(4999);
  expect(await ask()).toEqual(first);
  service.clock.advance(301_000);
  expect((await ask()).nodes[0]).toMatchObject({ agent: { silent: true } });
});

test('somebody who sees own jobs learns how many others there are and what they were given, not which', async () => {
  await using service = await startService(asAlice);
  await service.store.createJobs([
    pastJob('own', { details: { cpus: 2 } }),
    pastJob('foreign', { user: 'bob', details: { cpus: 4 } }),
    pastJob('past', { user: 'bob', state: 'failed', endTimeMs: NOON_MS + 1 }),
  ]);
  const list = await service.send('GET', '/v1/nodes');
  expect(list.json.nodes).toMatchObject([{ jobs: 2, job_ids: ['own'], cpus: { allocated: 6 } }]);
  const one = await service.send('GET', '/v1/nodes/n1');
  expect(one.json).toMatchObject({ running: 2, cpus: { allocated: 6 }, past_jobs: [] });
  expect(one.json.jobs.map(({ job_id }: { job_id: string }) => job_id)).toEqual(['own']);
  for (const { text } of [list, one]) expect(text).not.toMatch(/foreign|bob|past"/);
});

test('a node shows its report with the holders of its GPUs, its jobs now, and those before', async () => {
  await using service = await startService({ scheduler: SCHEDULER });
  const { store } = service;
  await store.createJobs([
    pastJob('now', { details: { cpus: 8, allocations: [{ node: 'n1', cpus: 8, gpuIds: ['0'] }] } }),
    pastJob('before', { nodes: ['n1', 'n2'], state: 'failed', endTimeMs: NOON_MS + 1 }),
  ]);
  await store.recordSample('now', sample(0, { cpuUsage: 25 }));
  await service.send('POST', '/v1/samples', { report: REPORT });
  const { json } = await service.send('GET', '/v1/nodes/n1');
  expect(json).toMatchObject({
    node: 'n1',
    running: 1,
    cpus: { total: 64, allocated: 8, used: 3 },
    report: {
      ...REPORT,
      gpus: [{ ...REPORT.gpus[0], job_ids: ['now'] }],
      silent: false,
      clock_difference_seconds: 3,
    },
    jobs: [{ job_id: 'now', user: 'alice', nodes: 1, cpus: 8, gpus: 1, cpu_usage: 25 }],
    past_jobs: [{ job_id: 'before', nodes: 2, state: 'failed', end_time: '2026-01-20T12:00:00.001Z' }],
  });
  expect(json).not.toHaveProperty('scheduler');
  const drained = (await service.send('GET', '/v1/nodes/n3')).json;
  expect(drained).toMatchObject({ scheduler: { reason: 'bad fan' }, running: 0, jobs: [], past_jobs: [] });
});

test('a node known only from past jobs is shown, and an unknown node is not found', async () => {
  await using service = await startService();
  await service.store.createJobs([pastJob('a', { state: 'failed', endTimeMs: NOON_MS + 1 })]);
  const { json } = await service.send('GET', '/v1/nodes/n1');
  expect(json).toMatchObject({ running: 0, past_jobs: [{ job_id: 'a' }], cpus: { allocated: 0 } });
  const { status, json: fault } = await service.send('GET', '/v1/nodes/n9');
  expect([status, fault]).toEqual([404, { error: 'not_found', message: 'Nothing is known of a node "n9".' }]);
});

test('what jobs used of a node is plotted job by job, those that started first before others', async () => {
  await using service = await startService();
  const { store, clock } = service;
  await store.createJobs([
    pastJob('late', { startTimeMs: NOON_MS + 10 * MINUTE_MS, details: { cpus: 10 } }),
    pastJob('early', { nodes: ['n1', 'n2'], details: { cpus: 8, name: 'x' } }),
    pastJob('unknown'),
    pastJob('old', { startTimeMs: NOON_MS - 9e6, state: 'failed', endTimeMs: NOON_MS - 8e6 }),
  ]);
  for (const id of ['early', 'unknown']) await store.recordSample(id, sample(0));
  await store.recordSample('early', sample(MINUTE_MS, { cpuUsage: 100, node: 'n2' }));
  await store.recordSample('late', sample(15 * MINUTE_MS, { cpuUsage: 20 }));
  clock.advance(20 * MINUTE_MS);
  const ask = async (query: string) =>
    (await service.send('GET', `/v1/nodes/n1/usage?start_time=2026-01-20T12:00:00Z&${query}`)).json;
  expect(await ask('columns=4')).toEqual({
    ...{ node: 'n1', field: 'cpus', start_time: '2026-01-20T12:00:00.000Z', step_seconds: 300, columns: 4 },
    jobs: [
      // Half of the four CPUs that are its part of the node.
      { job_id: 'early', user: 'alice', name: 'x', values: [2, null, null, null] },
      { job_id: 'late', user: 'alice', values: [null, null, null, 2] },
    ],
    left_out: 1,
  });
  const memory = await ask('columns=2&field=memory_mb&end_time=2026-01-20T12:10:00Z');
  expect(memory.jobs).toMatchObject([
    { job_id: 'early', values: [1000, null] },
    { job_id: 'unknown', values: [1000, null] },
  ]);
});

test('the usage of a node has only jobs that the caller may see', async () => {
  await using service = await startService(asAlice);
  await service.store.createJobs(
    ['alice', 'bob'].map((user) => pastJob(`of-${user}`, { user, details: { cpus: 2 } })),
  );
  for (const user of ['alice', 'bob']) await service.store.recordSample(`of-${user}`, sample(0));
  service.clock.advance(1000);
  const { json, text } = await service.send('GET', '/v1/nodes/n1/usage');
  expect([json.jobs.length, json.left_out]).toEqual([1, 0]);
  expect(text).not.toContain('bob');
});
