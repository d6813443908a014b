import { expect, test } from 'bun:test';
import { startService } from '../../help/service.ts';

// As slurmctld 22.05 posts it, without fields that the service does not read.
const RECORD = {
  jobid: 42,
  username: 'alice',
  user_id: 1001,
  account: 'physics',
  partition: 'debug',
  cluster: 'testbed',
  qos: 'normal',
  nodes: 'node[01-03]',
  total_cpus: 3,
  total_nodes: 3,
  state: 'TIMEOUT',
  exit_code: '0:15',
  derived_ec: '0:0',
  '@submit': '2026-01-20T09:00:00',
  '@eligible': '2026-01-20T09:00:00',
  '@start': '2026-01-20T10:00:00',
  '@end': '2026-01-20T11:00:00',
  elapsed: 3600,
  time_limit: 3600,
  job_name: 'train',
  work_dir: '/home/alice',
  tres_alloc: 'billing=3,cpu=3,mem=150M,node=3',
  script: '#!/bin/sh\nexport SECRET=1\n',
};
const jobcomp = (service: Awaited<ReturnType<typeof startService>>, body: unknown) =>
  service.send('POST', '/v1/slurm/jobcomp', body);

test('the record of an ended run is on disk when slurmctld gets its answer', async () => {
  await using service = await startService();
  expect(await jobcomp(service, RECORD)).toMatchObject({ status: 200, json: { status: 'stored' } });
  expect(await jobcomp(service, RECORD)).toMatchObject({ status: 200, json: { status: 'repeated' } });
  const { json } = await service.send('GET', '/v1/jobs/42');
  expect(json).toMatchObject({
    ...{
      id: '42',
      user: 'alice',
      nodes: ['node01', 'node02', 'node03'],
      state: 'failed',
      raw_state: 'TIMEOUT',
    },
    ...{
      start_time: '2026-01-20T10:00:00.000Z',
      end_time: '2026-01-20T11:00:00.000Z',
      runtime_seconds: 3600,
    },
    ...{ account: 'physics', partition: 'debug', qos: 'normal', cluster: 'testbed', name: 'train' },
    ...{ cpus: 3, memory_limit_mb: 150, work_dir: '/home/alice', state_confirmed: true },
    ...{ submit_time: '2026-01-20T09:00:00.000Z', time_limit_seconds: 3600 },
  });
  expect(JSON.stringify(json)).not.toContain('SECRET');
});

test.each([
  ['no object', [RECORD]],
  ['no job', { ...RECORD, jobid: 'x' }],
  ['no end', { ...RECORD, '@end': 'Unknown' }],
  ['no user', { ...RECORD, username: '' }],
  ['a broken list of nodes', { ...RECORD, nodes: 'node[01' }],
  ['a change of size', { ...RECORD, state: 'RESIZING' }],
])('slurmctld gets 200 for %s, and nothing is stored', async (_, body) => {
  await using service = await startService();
  const { status, json } = await jobcomp(service, body);
  expect([status, json.status]).toEqual([200, 'ignored']);
  expect(json.message).toMatch(/^[A-Z@j].*\.$/);
  expect((await service.send('GET', '/v1/jobs')).json.total).toBe(0);
});

test('a record with a script of several megabytes is accepted', async () => {
  await using service = await startService();
  const { status } = await jobcomp(service, { ...RECORD, script: 'x'.repeat(5 * 1024 * 1024) });
  expect(status).toBe(200);
});

const STARTED = {
  job_id: '42',
  user: 'alice',
  node_list: ['node[01-02]', 'node03'],
  cpu_allocation: 6,
  gpu_allocation: 1,
  gpu_vendor: 'nvidia',
  gpu_devices: ['GPU-1'],
  cgroup_path: '/sys/fs/cgroup/system.slice/slurmstepd.scope/job_42',
  partition: 'debug',
  timestamp: '2026-01-20T10:00:02Z',
};
const FINISHED = { job_id: '42', final_state: 'failed', exit_code: 3, timestamp: '2026-01-20T11:00:01Z' };

test('a hook script starts and ends a job provisionally, and the completion record corrects it', async () => {
  await using service = await startService();
  const post = (what: string, body: unknown) => service.send('POST', `/v1/events/job-${what}`, body);
  expect(await post('started', STARTED)).toMatchObject({
    status: 200,
    json: { status: 'processed', job_id: '42', message: 'The start is on disk.' },
  });
  expect((await post('started', STARTED)).json.message).toBe('The start was known already.');
  expect((await service.send('GET', '/v1/jobs/42')).json).toMatchObject({
    ...{ state: 'running', nodes: ['node01', 'node02', 'node03'], cpus: 6, gpus: 1 },
    start_time: '2026-01-20T10:00:02.000Z',
  });
  expect(await post('finished', FINISHED)).toMatchObject({ status: 200, json: { status: 'processed' } });
  expect((await service.send('GET', '/v1/jobs/42')).json).toMatchObject({
    ...{ state: 'failed', exit_code: 3, end_time: '2026-01-20T11:00:01.000Z', state_confirmed: false },
  });
  await jobcomp(service, { ...RECORD, state: 'CANCELLED' });
  expect((await service.send('GET', '/v1/jobs/42')).json).toMatchObject({
    ...{ state: 'cancelled', start_time: '2026-01-20T10:00:00.000Z', state_confirmed: true },
  });
  expect((await service.send('GET', '/v1/jobs/42/runs')).json.runs).toHaveLength(1);
});

test('optional fields of an event may be null', async () => {
  await using service = await startService();
  const nulls = { cpu_allocation: null, gpu_allocation: null, gpu_vendor: null, gpu_devices: null };
  const start = { ...STARTED, ...nulls, cgroup_path: null, sluid: null, timestamp: null };
  expect((await service.send('POST', '/v1/events/job-started', start)).status).toBe(200);
  const end = { ...FINISHED, exit_code: null, signal: null, sluid: null, timestamp: null };
  expect((await service.send('POST', '/v1/events/job-finished', end)).status).toBe(200);
  expect((await service.send('GET', '/v1/jobs/42')).json).toMatchObject({ state: 'failed' });
});

test.each([
  ['started', { ...STARTED, node_list: 'node01' }, 'node_list must be an array.'],
  [
    'started',
    { ...STARTED, user: '' },
    'user must have 1 to 256 characters, none of them a control character.',
  ],
  ['started', { ...STARTED, timestamp: 'noon' }, 'timestamp must be an ISO 8601 time'],
  [
    'started',
    { ...STARTED, node_list: Array(20).fill('n[1-99999]') },
    'The node lists have more than 100000',
  ],
  ['started', { ...STARTED, cpu_allocation: 2 ** 53 }, 'cpu_allocation must be at most 9007199254740991.'],
  ['started', { ...STARTED, gpu_allocation: 1e19 }, 'gpu_allocation must be at most 9007199254740991.'],
  [
    'started',
    { ...STARTED, gpu_devices: ['x'.repeat(257)] },
    'gpu_devices.0 must have at most 256 characters.',
  ],
  ['started', { ...STARTED, gpu_devices: Array(1025).fill('GPU-1') }, 'gpu_devices must have at most 1024'],
  ['started', { ...STARTED, timestamp: '0099-01-20T10:00:00Z' }, 'timestamp must be an ISO 8601 time'],
  ['started', { ...STARTED, job_id: '..' }, 'job_id must not be "." or ".."'],
  ['finished', { ...FINISHED, exit_code: 1e300 }, 'exit_code must be at most 2147483648.'],
  ['finished', { ...FINISHED, exit_code: 4011636500780254000 }, 'exit_code must be at most 2147483648.'],
  ['finished', { ...FINISHED, signal: 1025 }, 'signal must be at most 1024.'],
  ['finished', { ...FINISHED, final_state: 'done' }, 'final_state must be one of pending, running'],
  [
    'finished',
    { ...FINISHED, job_id: 'unknown' },
    'The report of job "unknown" names no user, and the job is unknown.',
  ],
])('the event job-%s refuses the body %j', async (what, body, message) => {
  await using service = await startService();
  const { status, json } = await service.send('POST', `/v1/events/job-${what}`, body);
  expect([status, json.error]).toEqual([400, 'validation_error']);
  expect(json.message).toStartWith(message);
});

test('a record with a name that is not valid UTF-8 is stored', async () => {
  await using service = await startService();
  const [head, tail] = JSON.stringify(RECORD).split('train') as [string, string];
  const body = Buffer.concat([Buffer.from(head), Buffer.from([0xe9, 0xff]), Buffer.from(tail)]);
  expect((await jobcomp(service, body)).status).toBe(200);
  expect((await service.send('GET', '/v1/jobs/42')).json.name).toBe('\ufffd\ufffd');
});
