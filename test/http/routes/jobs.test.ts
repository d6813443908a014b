import { expect, test } from 'bun:test';
import { startService } from '../../help/service.ts';

const NEW = { id: 'job-001', user: 'alice', nodes: ['node-01', 'node-02'] };
const CREATED = {
  ...NEW,
  state: 'running',
  start_time: '2026-01-20T12:00:00.000Z',
  cpu_usage: 0,
  memory_usage_mb: 0,
};

test('a job goes through its life as the API reference describes it', async () => {
  await using service = await startService();
  const { send, clock } = service;
  const created = await send('POST', '/v1/jobs', NEW);
  expect([created.status, created.json]).toEqual([201, CREATED]);
  expect((await send('GET', '/v1/jobs/job-001')).json).toEqual(CREATED);

  clock.advance(90_500);
  const sample = { cpu_usage: 75.5, memory_usage_mb: 4096, gpu_usage: 50 };
  const recorded = await send('POST', '/v1/jobs/job-001/metrics', sample);
  expect([recorded.status, recorded.json]).toEqual([
    201,
    { timestamp: '2026-01-20T12:01:30.500Z', ...sample },
  ]);
  const measured = await send('GET', '/v1/jobs/job-001');
  expect([measured.status, measured.json]).toEqual([
    200,
    { ...CREATED, ...sample, usage_time: '2026-01-20T12:01:30.500Z' },
  ]);

  const usage = { cpu_usage: 80, memory_usage_mb: 8192, gpu_usage: 60 };
  const ended = await send('PATCH', '/v1/jobs/job-001', { state: 'completed', ...usage });
  const after = {
    ...CREATED,
    ...usage,
    usage_time: '2026-01-20T12:01:30.500Z',
    state: 'completed',
    end_time: '2026-01-20T12:01:30.500Z',
    runtime_seconds: 90.5,
  };
  expect([ended.status, ended.json]).toEqual([200, after]);
  const listed = await send('GET', '/v1/jobs');
  expect([listed.status, listed.json]).toEqual([200, { jobs: [after], total: 1, limit: 100, offset: 0 }]);

  const gone = await send('DELETE', '/v1/jobs/job-001');
  expect([gone.status, gone.text, gone.headers.get('content-type')]).toEqual([204, '', null]);
  expect((await send('DELETE', '/v1/jobs/job-001')).status).toBe(404);
  expect((await send('GET', '/v1/jobs')).json).toEqual({ jobs: [], total: 0, limit: 100, offset: 0 });
  expect((await send('POST', '/v1/jobs', NEW)).json).toEqual({
    ...CREATED,
    start_time: '2026-01-20T12:01:30.500Z',
  });
});

test('a deletion is recorded with who asked for it, and one that is refused is not', async () => {
  const identity = { name: 'carol', uid: 7, proof: 'munge', isLocal: false } as const;
  await using service = await startService({ identify: () => ({ identity, role: 'admin', sight: 'all' }) });
  const { send, store, clock } = service;
  await send('POST', '/v1/jobs', NEW);
  for (const status of [204, 404]) expect((await send('DELETE', '/v1/jobs/job-001')).status).toBe(status);
  expect(await store.listAudit({ limit: 10 })).toEqual([
    {
      ...{ number: 1, timeMs: clock.now(), caller: 'carol', proof: 'munge' },
      ...{ action: 'job_deleted', subject: 'job-001' },
    },
  ]);
});

/** States that a job goes through, 10 s apart, and when it has ended. */
const LIVES: [string[], ended: number | undefined][] = [
  [[], undefined],
  [['running'], undefined],
  [['pending'], undefined],
  [['completed'], 10],
  [['failed'], 10],
  [['cancelled'], 10],
  [['completed', 'failed'], 10],
  [['completed', 'completed'], 10],
  [['completed', 'running'], undefined],
  [['failed', 'pending'], undefined],
  [['completed', 'running', 'cancelled'], 30],
];

test.each(LIVES)('after the states %j the job has ended at %p s', async (states, endedAfter) => {
  await using service = await startService();
  await service.send('POST', '/v1/jobs', NEW);
  for (const state of states) {
    service.clock.advance(10_000);
    expect((await service.send('PATCH', '/v1/jobs/job-001', { state })).status).toBe(200);
  }
  service.clock.advance(3_600_000);
  const { json } = await service.send('GET', '/v1/jobs/job-001');
  expect(json).toEqual({
    ...CREATED,
    state: states.at(-1) ?? 'running',
    ...(endedAfter && { end_time: `2026-01-20T12:00:${endedAfter}.000Z`, runtime_seconds: endedAfter }),
  });
});

/** Bodies of PATCH and what they change in a job whose usage is 10 %, 20 MB and 30 %. */
const PATCHES: [body: unknown, changed: object][] = [
  [{}, {}],
  [{ state: null, cpu_usage: null, memory_usage_mb: null, gpu_usage: null }, {}],
  [{ cpu_usage: 0 }, { cpu_usage: 0 }],
  [{ cpu_usage: 100 }, { cpu_usage: 100 }],
  [{ cpu_usage: 99.9999 }, { cpu_usage: 99.9999 }],
  [{ memory_usage_mb: 0 }, { memory_usage_mb: 0 }],
  [{ memory_usage_mb: 2 ** 33 }, { memory_usage_mb: 2 ** 33 }],
  [{ memory_usage_mb: 4096.0 }, { memory_usage_mb: 4096 }],
  [{ gpu_usage: 0 }, { gpu_usage: 0 }],
  [{ gpu_usage: 100 }, { gpu_usage: 100 }],
  [{ cpu_usage: 1, gpu_usage: null }, { cpu_usage: 1 }],
  ['{"cpu_usage":1.5e1}', { cpu_usage: 15 }],
  ['\ufeff{"cpu_usage":5}', { cpu_usage: 5 }],
  ['  {"cpu_usage":5}\r\n', { cpu_usage: 5 }],
];

test.each(PATCHES)('PATCH with %j changes %j', async (body, changed) => {
  await using service = await startService();
  await service.send('POST', '/v1/jobs', NEW);
  const usage = { cpu_usage: 10, memory_usage_mb: 20, gpu_usage: 30 };
  await service.send('PATCH', '/v1/jobs/job-001', usage);
  const { status, json } = await service.send('PATCH', '/v1/jobs/job-001', body);
  expect([status, json]).toEqual([200, { ...CREATED, ...usage, usage_time: CREATED.start_time, ...changed }]);
  expect((await service.send('GET', '/v1/jobs/job-001')).json).toEqual(json);
});

/** Names of extreme length, and names that break bad quoting. */
const NAMES = [
  'x',
  ' ',
  '  a  b ',
  'x'.repeat(256),
  '🧪'.repeat(256),
  "o'brien; DROP TABLE job;--",
  'a"b',
  'back\\slash',
  'a/b',
  '/',
  '...',
  '%2F',
  '100%',
  'a+b',
  'a?b=c&d#e',
  '<script>',
  'ÄÖÜß',
  'e\u0301',
  'é',
  '名前',
  '\u202eabc',
  '{job}',
  ':jobId',
  'metrics',
  '1234_[5-7]',
  'null',
  '__proto__',
];

test.each(NAMES)(
  'the name %p round-trips as job, user and node, in bodies, paths and filters',
  async (name) => {
    await using service = await startService();
    const { send } = service;
    const job = { id: name, user: name, nodes: [name, 'other'] };
    const path = `/v1/jobs/${encodeURIComponent(name)}`;
    const created = await send('POST', '/v1/jobs', job);
    expect([created.status, created.json]).toEqual([201, { ...CREATED, ...job }]);
    expect((await send('GET', path)).json).toEqual({ ...CREATED, ...job });
    const sample = { node: name, cpu_usage: 1, memory_usage_mb: 1 };
    expect((await send('POST', `${path}/metrics`, sample)).status).toBe(201);
    expect((await send('GET', `${path}/metrics`)).json).toMatchObject({ job_id: name, total: 1 });
    expect((await send('PATCH', path, { state: 'failed' })).json).toMatchObject({
      id: name,
      state: 'failed',
    });
    const filter = new URLSearchParams({ user: name, node: name, state: 'failed' });
    expect((await send('GET', `/v1/jobs?${filter}`)).json).toMatchObject({ total: 1, jobs: [job] });
    expect((await send('DELETE', path)).status).toBe(204);
  },
);

test('a job may have 100,000 nodes where the body may be that large, and not one more', async () => {
  await using service = await startService({ maxBodyBytes: 4 * 1024 * 1024 });
  const nodes = Array.from({ length: 100_000 }, (_, index) => `n${index}`);
  const refused = await service.send('POST', '/v1/jobs', { ...NEW, nodes: [...nodes, 'more'] });
  expect([refused.status, refused.json]).toEqual([
    400,
    { error: 'validation_error', message: 'nodes must have at most 100000 entries.' },
  ]);
  expect((await service.send('POST', '/v1/jobs', { ...NEW, nodes })).status).toBe(201);
  expect((await service.send('GET', '/v1/jobs?node=n99999')).json.total).toBe(1);
}, 60_000);
