import { expect, test } from 'bun:test';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

async function startWithJobs() {
  const service = await startService();
  await service.send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1', 'n2'] });
  await service.send('POST', '/v1/jobs', { id: 'b', user: 'bob', nodes: ['n1'] });
  return service;
}

const SAMPLE = { job_id: 'a', cpu_usage: 1, memory_usage_mb: 1 };
const AT = { ...SAMPLE, timestamp: '2026-01-20T11:00:00Z' };
const GOOD = { stored: 1, repeated: 0, refused: 0, errors: [] };

test('a batch stores good rows, counts repeats, and explains what is wrong with the others', async () => {
  await using service = await startWithJobs();
  const samples = [
    AT,
    { ...AT, node: 'n1', cpu_usage: 99 },
    { ...AT, node: 'n2', gpu_usage: 0 },
    { ...SAMPLE, cpu_usage: 101 },
    { ...SAMPLE, job_id: 'missing' },
    { ...SAMPLE, node: 'n9' },
    { ...SAMPLE, job_id: 'b', cpu_usage: 30 },
    5,
  ];
  const { status, json } = await service.send('POST', '/v1/samples', { samples });
  const errors = [
    { index: 3, error: 'validation_error', message: 'cpu_usage must be at most 100.' },
    { index: 4, error: 'not_found', message: 'There is no job with the id "missing".' },
    { index: 5, error: 'validation_error', message: 'node "n9" is not one of the nodes of the job.' },
    { index: 7, error: 'validation_error', message: 'The row must be an object.' },
  ];
  expect([status, json]).toEqual([200, { stored: 3, repeated: 1, refused: 4, errors }]);
  expect((await service.send('GET', '/v1/jobs/b/metrics')).json.samples).toEqual([
    { timestamp: '2026-01-20T12:00:00.000Z', cpu_usage: 30, memory_usage_mb: 1 },
  ]);
  const again = await service.send('POST', '/v1/samples', { samples });
  expect(again.json).toEqual({ stored: 1, repeated: 3, refused: 4, errors });
  expect((await service.send('GET', '/v1/jobs/a/metrics')).json.total).toBe(2);
});

test('while too many samples are unsealed, a batch is answered 503 before its body is read', async () => {
  await using service = await startService({ maxUnsealedSamples: 3 });
  const { store, clock, send } = service;
  await send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1'] });
  await store.expire({}, clock.now());
  expect((await send('POST', '/v1/samples', { samples: [SAMPLE, SAMPLE, SAMPLE] })).json.stored).toBe(3);
  const refused = await send('POST', '/v1/samples', 'not JSON');
  expect([refused.status, refused.headers.get('retry-after'), refused.json]).toEqual([
    503,
    '1',
    {
      error: 'unavailable',
      message:
        'Samples arrive faster than they can be packed into history: 3 are waiting. ' +
        'Send this again after Retry-After, and fewer samples a second.',
    },
  ]);
  const sendOne = () => send('POST', '/v1/jobs/a/metrics', { cpu_usage: 1, memory_usage_mb: 1 });
  // Single samples have a quarter more room.
  expect([(await sendOne()).status, (await sendOne()).status]).toEqual([201, 503]);
  expect((await send('GET', '/v1/jobs/a/metrics')).json.total).toBe(4);
  while (await store.expire({}, clock.now()));
  expect((await send('POST', '/v1/samples', { samples: [SAMPLE] })).json).toEqual(GOOD);
});

/** Unusual rows that are accepted. */
const ACCEPTED: object[] = [
  { ...SAMPLE, newer_field: { any: 'thing' } },
  { ...SAMPLE, node: null, timestamp: null, gpu_usage: null },
  { ...SAMPLE, cpu_usage: 100, memory_usage_mb: 2 ** 33, gpu_usage: 100 },
  { ...SAMPLE, timestamp: '2026-01-20T12:10:00Z' },
  { ...SAMPLE, timestamp: '1970-01-01' },
  { ...SAMPLE, null_of_the_future: null, gpu_usage: null },
];
test.each(ACCEPTED)('the sample %j is stored', async (row) => {
  await using service = await startWithJobs();
  const { json } = await service.send('POST', '/v1/samples', { samples: [row], sender: 'agent 9' });
  expect(json).toEqual(GOOD);
});

/** Rows that are refused, and words of the message. */
const BAD_SAMPLES: [row: unknown, ...words: string[]][] = [
  [{ cpu_usage: 1, memory_usage_mb: 1 }, 'job_id', 'required'],
  [{ ...SAMPLE, job_id: 5 }, 'job_id', 'string'],
  [{ ...SAMPLE, job_id: '' }, 'job_id', '1 to 256'],
  [{ ...SAMPLE, job_id: null }, 'job_id'],
  [{ ...SAMPLE, cpu_usage: '75' }, 'cpu_usage', 'number'],
  [{ ...SAMPLE, cpu_usage: -1 }, 'cpu_usage', 'at least 0'],
  [{ ...SAMPLE, cpu_usage: null }, 'cpu_usage'],
  [{ job_id: 'a', memory_usage_mb: 1 }, 'cpu_usage', 'required'],
  [{ ...SAMPLE, memory_usage_mb: 1.5 }, 'memory_usage_mb', 'integer'],
  [{ ...SAMPLE, memory_usage_mb: 2 ** 33 + 1 }, 'memory_usage_mb', 'at most'],
  [{ ...SAMPLE, gpu_usage: 100.1 }, 'gpu_usage', 'at most 100'],
  [{ ...SAMPLE, node: 'a\nb' }, 'node'],
  [{ ...SAMPLE, timestamp: 5 }, 'timestamp', 'string'],
  [{ ...SAMPLE, timestamp: 'noon' }, 'timestamp', 'ISO 8601'],
  [{ ...SAMPLE, timestamp: '2026-02-30T00:00:00Z' }, 'timestamp', 'ISO 8601'],
  [{ ...SAMPLE, timestamp: '2026-01-20T12:10:00.001Z' }, 'timestamp', 'future'],
  [null, 'The row must be an object'],
  [[], 'The row must be an object'],
  ['text', 'The row must be an object'],
];
test.each(BAD_SAMPLES)('the sample %j alone is refused, with a message about %s', async (row, ...words) => {
  await using service = await startWithJobs();
  const { status, json } = await service.send('POST', '/v1/samples', { samples: [row, SAMPLE] });
  expect([status, json]).toEqual([
    200,
    { ...GOOD, refused: 1, errors: [{ index: 0, error: 'validation_error', message: expect.any(String) }] },
  ]);
  for (const word of words) expect(json.errors[0].message).toContain(word);
});

const JOB = { id: 'c', user: 'carol', nodes: ['n1'] };
const START = { start_time: '2026-01-20T10:00:00Z' };
const END = { end_time: '2026-01-20T11:00:00Z' };

test('past jobs are stored with their state and times', async () => {
  await using service = await startWithJobs();
  const jobs = [
    JOB,
    { ...JOB, id: 'past', state: 'failed', ...START, ...END, colour: 'red' },
    { ...JOB, id: 'waits', state: 'pending', ...START, end_time: null },
    { ...JOB, id: 'a' },
    { id: 'a', user: 'alice', nodes: ['n1', 'n2'] },
  ];
  const { status, json } = await service.send('POST', '/v1/jobs/batch', { jobs });
  const errors = [{ index: 3, error: 'conflict', message: 'Another job with the id "a" already exists.' }];
  expect([status, json]).toEqual([200, { stored: 3, repeated: 1, refused: 1, errors }]);
  expect((await service.send('GET', '/v1/jobs/past')).json).toEqual({
    ...JOB,
    id: 'past',
    state: 'failed',
    start_time: '2026-01-20T10:00:00.000Z',
    end_time: '2026-01-20T11:00:00.000Z',
    runtime_seconds: 3600,
    cpu_usage: 0,
    memory_usage_mb: 0,
  });
  expect((await service.send('GET', '/v1/jobs/c')).json).toMatchObject({
    state: 'running',
    start_time: '2026-01-20T12:00:00.000Z',
  });
  expect((await service.send('GET', '/v1/jobs/waits')).json).toMatchObject({ state: 'pending' });
  service.clock.advance(5000);
  const again = await service.send('POST', '/v1/jobs/batch', { jobs });
  expect(again.json).toEqual({ stored: 0, repeated: 4, refused: 1, errors });
});

const BAD_JOBS: [row: unknown, ...words: string[]][] = [
  [{ ...JOB, user: '' }, 'user'],
  [{ ...JOB, id: '..' }, 'id', '".."'],
  [{ ...JOB, nodes: [] }, 'nodes', 'empty'],
  [{ ...JOB, nodes: ['n1', 'n1'] }, 'nodes', 'twice'],
  [{ ...JOB, state: 'done' }, 'state', 'one of'],
  [{ ...JOB, state: 'completed', ...END }, 'start_time is required of a job that is completed'],
  [{ ...JOB, state: 'completed', ...START }, 'end_time is required of a job that is completed'],
  [{ ...JOB, ...START, ...END }, 'end_time must be left out of a job that is running'],
  [{ ...JOB, state: 'pending', ...END }, 'end_time must be left out of a job that is pending'],
  [{ ...JOB, state: 'failed', start_time: END.end_time, end_time: START.start_time }, 'before start_time'],
  [{ ...JOB, start_time: '2026-01-20T12:10:00.001Z' }, 'start_time', 'future'],
  [{ ...JOB, state: 'failed', ...START, end_time: '2026-01-20T12:10:00.001Z' }, 'end_time', 'future'],
  [{ ...JOB, start_time: 'noon' }, 'start_time', 'ISO 8601'],
  [{ ...JOB, state: 5 }, 'state'],
  [7, 'The row must be an object'],
];
test.each(BAD_JOBS)('the job %j alone is refused, with a message about %s', async (row, ...words) => {
  await using service = await startWithJobs();
  const { status, json } = await service.send('POST', '/v1/jobs/batch', { jobs: [row, { ...JOB, id: 'd' }] });
  expect([status, json]).toEqual([
    200,
    { ...GOOD, refused: 1, errors: [{ index: 0, error: 'validation_error', message: expect.any(String) }] },
  ]);
  for (const word of words) expect(json.errors[0].message).toContain(word);
});

const WHOLE: [path: string, body: unknown, status: number, error: string, words: string][] = [
  ['/v1/samples', {}, 400, 'validation_error', 'samples'],
  ['/v1/samples', { samples: {} }, 400, 'validation_error', 'samples'],
  ['/v1/samples', { samples: null }, 400, 'validation_error', 'samples'],
  ['/v1/samples', [SAMPLE], 400, 'validation_error', 'samples'],
  ['/v1/samples', 'null', 400, 'validation_error', 'samples'],
  ['/v1/samples', '{"samples":[', 400, 'invalid_request', 'JSON'],
  ['/v1/samples', { samples: Array(100_001).fill(0) }, 413, 'payload_too_large', '100000'],
  ['/v1/jobs/batch', { samples: [] }, 400, 'validation_error', 'jobs'],
  ['/v1/jobs/batch', { jobs: Array(10_001).fill(JOB) }, 413, 'payload_too_large', '10000'],
];
test.each(WHOLE)('POST %s refuses the whole body %j', async (path, body, status, error, words) => {
  await using service = await startWithJobs();
  const answer = await service.send('POST', path, body);
  expect([answer.status, answer.json.error]).toEqual([status, error]);
  expect(answer.json.message).toContain(words);
});

test('a batch whose jobs have more than 100,000 nodes in all is refused', async () => {
  await using service = await startWithJobs();
  const nodes = Array.from({ length: 50_001 }, (_, index) => `n${index}`);
  const jobs = ['y', 'z'].map((id) => ({ ...JOB, id, nodes }));
  const { status, json } = await service.send('POST', '/v1/jobs/batch', { jobs });
  expect([status, json.error]).toEqual([413, 'payload_too_large']);
  expect(json.message).toContain('at most 100000 nodes in all');
  expect((await service.store.countJobs()).created).toBe(2);
});

test('the first 100 refusals are explained in order of the batch, whether the check or the store refused them', async () => {
  await using service = await startWithJobs();
  const samples = Array.from({ length: 400 }, (_, index) =>
    index % 2 === 0 ? { ...SAMPLE, job_id: 'missing' } : { ...SAMPLE, cpu_usage: 200 },
  );
  const { json } = await service.send('POST', '/v1/samples', { samples });
  expect(json).toMatchObject({ stored: 0, repeated: 0, refused: 400 });
  expect(json.errors.map(({ index }: { index: number }) => index)).toEqual([...Array(100).keys()]);
  expect(json.errors.slice(0, 2).map(({ error }: { error: string }) => error)).toEqual([
    'not_found',
    'validation_error',
  ]);
});

test('a full batch is accepted, and another one at the same time is answered with 503', async () => {
  await using service = await startWithJobs();
  const samples = Array.from({ length: 100_000 }, (_, index) => ({
    ...SAMPLE,
    timestamp: new Date(NOON_MS - index).toISOString(),
  }));
  const body = JSON.stringify({ samples });
  const answers = await Promise.all([
    service.send('POST', '/v1/samples', body),
    service.send('POST', '/v1/samples', body),
  ]);
  const [taken, refused] = answers.sort((one, other) => one.status - other.status);
  expect([taken!.status, taken!.json]).toEqual([200, { ...GOOD, stored: 100_000 }]);
  expect([refused!.status, refused!.json.error, refused!.headers.get('retry-after')]).toEqual([
    503,
    'unavailable',
    '1',
  ]);
  const retried = await service.send('POST', '/v1/samples', body);
  expect(retried.json).toEqual({ ...GOOD, stored: 0, repeated: 100_000 });
});

test.each(['/v1/samples', '/v1/jobs/batch'])('%s is answered the same with a final slash', async (path) => {
  await using service = await startWithJobs();
  const filler = 'x'.repeat(2 ** 15);
  const large = Array.from({ length: 40 }, (_, index) => ({
    ...(index === 0 && { ...SAMPLE, ...JOB }),
    filler,
  }));
  const { status, json } = await service.send('POST', `${path}/`, {
    [path.endsWith('samples') ? 'samples' : 'jobs']: large,
  });
  expect([status, json]).toMatchObject([200, { stored: 1 }]);
});

test('a job may have the id batch', async () => {
  await using service = await startWithJobs();
  expect((await service.send('POST', '/v1/jobs', { ...JOB, id: 'batch' })).status).toBe(201);
  expect((await service.send('GET', '/v1/jobs/batch')).json.id).toBe('batch');
  expect((await service.send('PATCH', '/v1/jobs/batch', { state: 'failed' })).json.state).toBe('failed');
  expect((await service.send('DELETE', '/v1/jobs/batch')).status).toBe(204);
});
