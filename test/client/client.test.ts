import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readSampleRow } from '../../src/api/sample.ts';
import { Client } from '../../src/client/client.ts';
import { packSamples } from '../../src/client/pack.ts';
import { ANYBODY } from '../../src/domain/caller.ts';
import type { Job } from '../../src/domain/job.ts';
import { listenTcp } from '../../src/service/listen.ts';
import { MINUTE_MS } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { temporaryFolder } from '../help/folder.ts';
import { type MeasuredSample, measuresOf } from '../help/measured-batch.ts';
import { startService } from '../help/service.ts';
import { errorOf } from './help.ts';

let service: Awaited<ReturnType<typeof startService>>;
let server: ReturnType<typeof listenTcp>;
let client: Client;

beforeAll(async () => {
  const root = { name: 'root', uid: 0, proof: 'kernel', isLocal: true } as const;
  service = await startService({ identify: () => ({ ...ANYBODY, identity: root }) });
  server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
  client = new Client({ url: server.url.href });
});

afterAll(async () => {
  await server.stop(true);
  await service[Symbol.asyncDispose]();
});

const idsOf = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

/** Every detail that the API shows, each with a value. */
const DETAILS = {
  ...{ name: 'train', account: 'physics', partition: 'gpu', qos: 'high', cluster: 'alps' },
  ...{ submitTimeMs: NOON_MS - MINUTE_MS, timeLimitSeconds: 3600, cpus: 8, memoryLimitMb: 4096, gpus: 2 },
  ...{ workDir: '/home/alice', arrayJobId: '7', arrayTaskId: 1, exitCode: 3, signal: 9, rawState: 'FAILED' },
  ...{ reason: 'NonZeroExitCode', restarts: 1, sluid: 's685M87SKB0000', suspendedSeconds: 5 },
  allocations: [{ node: 'n1', cpus: 4, memoryMb: 2048, gpuIds: ['0', '1'] }],
};

test('health is read', async () => {
  expect(await client.getHealth()).toEqual({ isHealthy: true, nowMs: NOON_MS, version: '1.0.0' });
});

test('a job goes over the wire and back with every detail, and is the one in the store', async () => {
  const id = 'a/b ?#$&';
  const job = { id, user: 'zoë 🧪', nodes: ['n1', 'n2'], details: DETAILS };
  const created = await client.createJob(job);
  expect(created).toEqual(await service.store.getJob(id));
  expect(created).toMatchObject(job);
  expect(await client.getJob(id)).toEqual(created);
  const patch = {
    state: 'failed',
    cpuUsage: 5,
    memoryUsageMb: 6,
    gpuUsage: 7,
    details: { name: 'x' },
  } as const;
  const changed = await client.updateJob(id, patch);
  expect(changed).toEqual(await service.store.getJob(id));
  expect(changed).toMatchObject({ ...patch, endTimeMs: NOON_MS });
  expect(await client.listEvents(id)).toEqual(await service.store.listEvents(id));
  await client.deleteJob(id);
  expect(await errorOf(client.getJob(id))).toMatchObject({ code: 'not_found', status: 404 });
  expect(await errorOf(client.deleteJob(id))).toMatchObject({ code: 'not_found', status: 404 });
});

test('tokens go over the wire and back, but for the secret, which is read once', async () => {
  const wanted = { name: 'a/b ?#$&', role: 'ingest', expiresMs: NOON_MS + MINUTE_MS } as const;
  const { token, secret } = await client.createToken(wanted);
  expect(secret).toMatch(/^hpo_\w{42}$/);
  expect(token).toEqual({ ...wanted, createdMs: NOON_MS, createdBy: 'root' });
  await client.createToken({ name: 'b', role: 'admin' });
  expect(await client.listTokens()).toEqual([
    token,
    { name: 'b', role: 'admin', createdMs: NOON_MS, createdBy: 'root' },
  ]);
  for (const { name } of await client.listTokens()) await client.revokeToken(name);
  expect(await client.listTokens()).toEqual([]);
  expect(await errorOf(client.revokeToken('b'))).toMatchObject({ code: 'not_found', status: 404 });
});

test('errors of the service keep their code, their status and their message', async () => {
  await client.createJob({ id: 'twice', user: 'u', nodes: ['n1'] });
  expect(await errorOf(client.createJob({ id: 'twice', user: 'u', nodes: ['n1'] }))).toMatchObject({
    ...{ name: 'ClientError', code: 'conflict', status: 409, retryAfterMs: undefined },
    message: expect.stringContaining('already exists'),
  });
  expect(await errorOf(client.createJob({ id: '', user: 'u', nodes: ['n1'] }))).toMatchObject({
    ...{ code: 'validation_error', status: 400 },
    message: 'id must have 1 to 256 characters, none of them a control character.',
  });
});

test('batches, samples, plots, summaries and runs are read as the store has them', async () => {
  const jobs = [
    {
      id: 'ended',
      user: 'u',
      nodes: ['n1'],
      state: 'completed',
      startTimeMs: NOON_MS - 9,
      endTimeMs: NOON_MS,
    },
    { id: 'live', user: 'u', nodes: ['n1', 'n2'], state: 'running', startTimeMs: NOON_MS },
    { id: 'now', user: 'u', nodes: ['n1'], state: 'running' },
  ] as const;
  expect(await client.createJobs(jobs)).toMatchObject({ stored: 3, repeated: 0, refused: 0, refusals: [] });
  expect(await client.createJobs(jobs)).toMatchObject({ stored: 0, repeated: 3 });
  expect(await client.getJob('ended')).toEqual(await service.store.getJob('ended'));

  const rows = Array.from({ length: 100 }, (_, index) => ({
    ...{ jobId: 'live', node: index % 2 ? 'n2' : 'n1', timeMs: NOON_MS - index * MINUTE_MS },
    ...{ cpuUsage: index, memoryUsageMb: 1000 + index, ...(index % 3 === 0 && { gpuUsage: 50 }) },
  }));
  expect(await client.recordSamples(rows)).toMatchObject({ stored: 100 });
  expect(await client.recordSamples([...rows, { ...rows[0]!, jobId: 'none' }])).toMatchObject({
    ...{ repeated: 100, refused: 1 },
    refusals: [{ index: 100, error: 'not_found' }],
  });
  expect(await client.recordSample('live', { cpuUsage: 1, memoryUsageMb: 2 })).toEqual({
    ...{ timeMs: NOON_MS, cpuUsage: 1, memoryUsageMb: 2 },
  });

  const all = await client.listSamples('live');
  expect([all.total, all.samples.length]).toEqual([101, 101]);
  expect(all.samples[0]).toEqual({
    timeMs: NOON_MS - 99 * MINUTE_MS,
    node: 'n2',
    cpuUsage: 99,
    memoryUsageMb: 1099,
    gpuUsage: 50,
  });
  const range = {
    fromMs: NOON_MS - 10 * MINUTE_MS,
    toMs: NOON_MS,
    node: 'n2',
    run: 1,
    order: 'desc',
  } as const;
  const some = await client.listSamples('live', { ...range, limit: 3 });
  expect([some.total, some.samples.map(({ cpuUsage }) => cpuUsage)]).toEqual([5, [1, 3, 5]]);
  expect(await Array.fromAsync(client.streamSamples('live'))).toEqual(all.samples);

  const plot = await client.plotSamples('live', {}, 4);
  expect(plot.total).toBe(101);
  expect(plot.samples.length).toBeLessThanOrEqual(4);
  const spans = plot.samples.map(({ span }) => span!);
  expect(spans.reduce((sum, { samples }) => sum + samples, 0)).toBe(101);
  expect(spans[0]!.cpuUsage.min).toBeLessThan(spans[0]!.cpuUsage.mean);
  expect(await client.summarizeJob('live', 1)).toEqual(await service.store.summarizeJob('live', 1));
  expect(await client.listRuns('live')).toEqual(await Array.fromAsync(service.store.streamRuns('live')));
});

test('chosen fields and readings of GPUs are read one by one, as points and as a stream', async () => {
  await client.createJob({ id: 'wide', user: 'alice', nodes: ['n1', 'n2'] });
  const samples = Array.from(
    { length: 40 },
    (_, i): MeasuredSample => ({
      sample: {
        ...{ jobId: 'wide', node: i % 2 ? 'n2' : 'n1', timeMs: NOON_MS - i * 1000 },
        ...{ cpuUsage: i, memoryUsageMb: i, stamped: false },
      },
      measured: { ...(i % 3 && { threads: i }) },
      gpus: { A: { gpu_power_watts: i } },
    }),
  );
  const list = samples.map(({ sample }) => sample);
  await service.store.recordSamples(list, measuresOf(samples));
  const fields = ['threads', 'cpu_usage'] as const;
  const some = await client.listMeasures('wide', { fields, limit: 2, order: 'desc' });
  expect(some).toEqual({
    samples: [
      { timeMs: NOON_MS, values: { cpu_usage: 0 } },
      { timeMs: NOON_MS - 1000, node: 'n2', values: { threads: 1, cpu_usage: 1 } },
    ],
    total: 40,
  });
  const gpus = await client.listMeasures('wide', { by: 'gpu', node: 'n2', limit: 100 });
  expect(gpus.total).toBe(20);
  expect(gpus.samples.at(-1)).toEqual({
    ...{ timeMs: NOON_MS - 1000, node: 'n2', gpu: 'A', values: { gpu_power_watts: 1 } },
  });
  const query = { by: 'gpu', node: 'n2' } as const;
  expect(await Array.fromAsync(client.streamMeasures('wide', query))).toEqual(gpus.samples);
  const plot = await client.plotMeasures('wide', { fields }, 1);
  expect(plot.samples).toEqual([
    {
      timeMs: NOON_MS - 39_000,
      values: { threads: 19.5, cpu_usage: 19.5 },
      span: {
        ...{ seconds: 39.001, samples: 40 },
        spreads: { threads: { min: 1, mean: 19.5, max: 38 }, cpu_usage: { min: 0, mean: 19.5, max: 39 } },
      },
    },
  ]);
  for (let steps = 0; await service.store.expire({ sampleMs: 0 }, NOON_MS + 3_600_000); steps++) {
    expect(steps).toBeLessThan(100);
  }
  const [point] = await Array.fromAsync(client.streamMeasures('wide', { fields, node: 'n2' }));
  expect(point).toEqual({
    ...{ timeMs: NOON_MS - 15 * MINUTE_MS, node: 'n2', values: { cpu_usage: 20 } },
    span: { seconds: 900, samples: 20, spreads: { cpu_usage: { min: 1, max: 39 } } },
  });
});

test('points arrive the same in JSON and in rows, but for the mean of memory, which rows round', async () => {
  const { samples } = await client.plotSamples('live', {}, 4);
  const { text } = await service.send('GET', '/v1/jobs/live/metrics?max_points=4&format=ndjson');
  const rows = text
    .trim()
    .split('\n')
    .map((line) => readSampleRow(JSON.parse(line)));
  const rounded = samples.map(({ span, ...rest }) => {
    const memoryUsageMb = { ...span!.memoryUsageMb, mean: Math.round(span!.memoryUsageMb.mean) };
    return { ...rest, span: { ...span, memoryUsageMb } };
  });
  expect(rows).toEqual(rounded as never);
});

test('lists are filtered, sorted, read page by page and as a stream', async () => {
  await client.createJobs(
    Array.from({ length: 25 }, (_, index) => ({
      ...{
        id: `list-${index}`,
        user: index % 2 ? 'odd' : 'even, and more',
        nodes: ['m1'],
        state: 'running' as const,
      },
      ...{ startTimeMs: NOON_MS - index * MINUTE_MS, details: { account: 'list', arrayJobId: 'array' } },
    })),
  );
  const query = { details: { account: 'list', arrayJobId: ['array', 'other'] } };
  const first = await client.listJobs({ ...query, limit: 10 });
  expect([first.total, first.jobs.length]).toEqual([25, 10]);
  const second = await client.listJobs({ ...query, limit: 10, cursor: first.nextCursor! });
  const third = await client.listJobs({ ...query, limit: 10, offset: 20 });
  expect(third.nextCursor).toBeUndefined();
  const paged = [...first.jobs, ...second.jobs, ...third.jobs];
  expect(idsOf(paged)).toEqual(Array.from({ length: 25 }, (_, index) => `list-${index}`));
  expect(await Array.fromAsync(client.streamJobs(query))).toEqual(paged);
  const narrow = {
    ...query,
    ...({
      state: ['running', 'failed'],
      user: 'even, and more',
      node: ['m1', 'm2'],
      text: 'LIST-1',
    } as const),
    ...{
      sinceMs: NOON_MS - 1,
      untilMs: NOON_MS - 12 * MINUTE_MS,
      ranges: { runtime: { min: 13 * MINUTE_MS } },
    },
    order: { sort: 'startTime', isAscending: true } as const,
  };
  expect(idsOf(await Array.fromAsync(client.streamJobs(narrow)))).toEqual(['list-18', 'list-16', 'list-14']);
  expect(await Array.fromAsync(client.streamJobs({ ...query, ranges: { runtime: { min: 1e12 } } }))).toEqual(
    [],
  );
  expect(await Array.fromAsync(client.streamJobs({ sluid: ['s0000000000000'] }))).toEqual([]);
});

test('hook events are stored once, however often they are sent', async () => {
  const start = {
    job_id: '4711',
    user: 'alice',
    node_list: ['node[01-02]'],
    timestamp: '2026-01-20T11:00:00Z',
  };
  expect(await client.reportStart(start)).toBe('The start is on disk.');
  expect(await client.reportStart(start)).toBe('The start was known already.');
  const end = {
    job_id: '4711',
    final_state: 'failed',
    exit_code: 3,
    timestamp: '2026-01-20T11:30:00Z',
  } as const;
  expect(await client.reportEnd(end)).toBe('The end is on disk.');
  const job = await client.getJob('4711');
  expect(job).toMatchObject({ nodes: ['node01', 'node02'], state: 'failed', isEndConfirmed: false });
  expect((await client.listEvents('4711')).map(({ source }) => source)).toEqual(['hook', 'hook']);
});

test('a stream that is left early ends its request', async () => {
  let rows = 0;
  for await (const _ of client.streamJobs()) if (++rows === 2) break;
  expect(rows).toBe(2);
  const controller = new AbortController();
  const read = async () => {
    for await (const _ of client.streamJobs({}, { signal: controller.signal }))
      controller.abort(new Error('enough'));
  };
  // What has arrived already may still be read; then the stream ends with the reason.
  await read().catch((error) => expect(error.message).toBe('enough'));
  expect(await errorOf(client.getHealth({ signal: controller.signal }))).toMatchObject({ message: 'enough' });
});

test('a client reaches the service over a unix socket', async () => {
  using folder = temporaryFolder();
  const unix = folder.file('service.sock');
  const own = Bun.serve({ unix, fetch: (request) => service.app.handle(request) });
  try {
    const over = new Client({ url: 'http://localhost', unix });
    expect(await over.getHealth()).toMatchObject({ isHealthy: true });
  } finally {
    await own.stop(true);
  }
  expect(
    await errorOf(new Client({ url: 'http://localhost', unix }, undefined).getHealth({ retries: 0 })),
  ).toMatchObject({
    code: 'no_answer',
  });
});

test('the path of the base URL and its headers are part of every request', async () => {
  const seen: string[] = [];
  const proxy = Bun.serve({
    port: 0,
    fetch(request) {
      seen.push(`${new URL(request.url).pathname} ${request.headers.get('authorization')}`);
      return service.app.handle(new Request(request.url.replace('/proxied', ''), request));
    },
  });
  try {
    const over = new Client({ url: `${proxy.url}proxied/`, headers: { authorization: 'Basic YTpi' } });
    expect(await over.getHealth()).toMatchObject({ isHealthy: true });
    expect(seen).toEqual(['/proxied/v1/health Basic YTpi']);
  } finally {
    await proxy.stop(true);
  }
});

test('an empty list of values is refused, and does not list every job', async () => {
  expect(await errorOf(client.listJobs({ user: [] }))).toMatchObject({ code: 'validation_error' });
});

test('samples that were packed before are recorded, and sent again change nothing', async () => {
  await client.createJob({ id: 'packed', user: 'alice', nodes: ['n1'] });
  const usage = { jobId: 'packed', node: 'n1', memoryUsageMb: 1 };
  const packed = packSamples([
    { ...usage, timeMs: NOON_MS - 2000, cpuUsage: 1 },
    { ...usage, timeMs: NOON_MS - 1000, cpuUsage: 2 },
  ]);
  expect(await client.recordPacked(packed)).toMatchObject({ stored: 2, repeated: 0 });
  expect(await client.recordPacked(packed)).toMatchObject({ stored: 0, repeated: 2 });
});
