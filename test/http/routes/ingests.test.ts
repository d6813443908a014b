import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { AppError } from '../../../src/domain/errors.ts';
import { pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import {
  REMOTE_WRITE_HEADERS,
  remoteWrite,
  type SentSeries,
  seriesOf,
  snappy,
} from '../../help/remote-write.ts';
import { ingestParts, startService } from '../../help/service.ts';

const PATH = '/v1/ingest/remote-write';
const STEP_MS = 15_000;
const INSTANCE = { instance: 'node01.cluster.example:9306', job: 'exporters' };

/** What an exporter exposes at `timeMs`, after the job used so many CPU seconds. */
function scrape(exporter: string, timeMs: number, cpuSeconds: number, added = INSTANCE): SentSeries[] {
  const text = readFileSync(`test/fixtures/exporters/${exporter}.txt`, 'utf8');
  // Each of two cores has half of it, in nanoseconds.
  const filled = text.replaceAll('%CPU%', String(cpuSeconds)).replaceAll('%CORE%', String(cpuSeconds * 5e8));
  return seriesOf(filled, timeMs, added);
}

async function start() {
  const service = await startService();
  await service.store.createJobs([
    pastJob('12', { nodes: ['node01', 'node02'], startTimeMs: NOON_MS - 3_600_000 }),
  ]);
  const write = (series: readonly SentSeries[]) =>
    service.send('POST', PATH, remoteWrite(series), REMOTE_WRITE_HEADERS);
  return {
    ...service,
    write,
    /** Sends what an exporter exposes at several moments, each after 15 s, the last of them now. */
    async scrapes(exporter: string, cpuSeconds: readonly number[]) {
      for (const seconds of cpuSeconds) {
        service.clock.advance(STEP_MS);
        expect((await write(scrape(exporter, service.clock.now(), seconds))).status).toBe(204);
      }
    },
    samples: async () => (await service.send('GET', '/v1/jobs/12/metrics')).json.samples,
    async settle() {
      service.clock.advance(11_000);
      await service.ingest.settle();
    },
  };
}

const at = (steps: number) => new Date(NOON_MS + steps * STEP_MS).toISOString();

test.each([
  // 24 of 30 CPU seconds; memory without the cache of files.
  ['cgroup-v1', 1024],
  ['cgroup-v2', 1024],
  // With shared memory.
  ['cgroup-jobstats', 1280],
  ['slurm-job', 1024],
])('%s: two scrapes make a sample of the CPU between them and of the memory', async (exporter, memory) => {
  await using service = await start();
  await service.scrapes(exporter, [100, 124]);
  expect(await service.samples()).toEqual([]);
  await service.settle();
  expect(await service.samples()).toMatchObject([
    { timestamp: at(2), cpu_usage: 80, memory_usage_mb: memory },
  ]);
  expect(service.ingested).toMatchObject({ 'remote_write stored': 1, 'remote_write first_counter': 1 });
});

test('once it is known what a scrape has, 204 means that its sample is on disk', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100, 124]);
  await service.settle();
  service.clock.set(NOON_MS + 2 * STEP_MS);
  await service.scrapes('cgroup-v2', [130]);
  expect(await service.samples()).toMatchObject([{ cpu_usage: 80 }, { timestamp: at(3), cpu_usage: 20 }]);
});

test('a scrape that arrives in several requests, in any order, is one sample', async () => {
  await using service = await start();
  await service.scrapes('slurm-job', [100]);
  await service.settle();
  service.clock.set(NOON_MS + 2 * STEP_MS);
  const series = scrape('slurm-job', service.clock.now(), 124).reverse();
  for (const one of series) {
    expect(await service.samples()).toEqual([]);
    expect((await service.write([one])).status).toBe(204);
  }
  expect(await service.samples()).toMatchObject([{ cpu_usage: 80, memory_usage_mb: 1024, gpu_usage: 80 }]);
});

test('readings of dcgm-exporter join the next sample of their job, once', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100]);
  await service.settle();
  await service.write(scrape('dcgm', NOON_MS + STEP_MS + 4000, 0));
  // Seven of cgroup_exporter, a clock, free memory, and the utilization of a part of a GPU (MIG).
  expect(service.ingested).toMatchObject({ 'remote_write unmapped': 10, 'remote_write no_job': 1 });
  service.clock.set(NOON_MS + STEP_MS);
  await service.scrapes('cgroup-v2', [124, 130]);
  const samples = await service.samples();
  expect(samples).toMatchObject([{ gpu_usage: 60 }, { cpu_usage: 20 }]);
  expect(samples[1].gpu_usage).toBeUndefined();
});

test('readings of a GPU older than a minute join no sample', async () => {
  await using service = await start();
  await service.write(scrape('dcgm', NOON_MS + STEP_MS, 0));
  await service.scrapes('cgroup-v2', [100, 110, 120, 130, 140, 150]);
  await service.settle();
  // The first sample is 15 s after it, and has it.
  expect((await service.samples()).map(({ gpu_usage }: { gpu_usage?: number }) => gpu_usage)).toEqual([
    60,
    ...Array(4).fill(undefined),
  ]);
  await using other = await start();
  await other.write(scrape('dcgm', NOON_MS - 60_000, 0));
  await other.scrapes('cgroup-v2', [100, 124]);
  await other.settle();
  expect((await other.samples())[0].gpu_usage).toBeUndefined();
});

test('the job of the metrics of Omnistat comes from its info metric in the same request', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100]);
  await service.write(scrape('omnistat', NOON_MS + STEP_MS + 4000, 0));
  await service.scrapes('cgroup-v2', [124]);
  await service.settle();
  expect(await service.samples()).toMatchObject([{ gpu_usage: 60 }]);
  const other = {
    name: 'rmsjob_info',
    labels: { jobid: '13', ...INSTANCE },
    points: [[NOON_MS, 1]],
  } as const;
  const before = service.ingested['remote_write no_job'] ?? 0;
  await service.write([...scrape('omnistat', NOON_MS + 2 * STEP_MS, 0), other]);
  // Which of two jobs has which card is not known.
  expect(service.ingested['remote_write no_job']! - before).toBe(6);
});

test('a repeated request changes nothing, and the counter counts on', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100, 124]);
  await service.settle();
  const again = scrape('cgroup-v2', NOON_MS + 2 * STEP_MS, 124);
  expect((await service.write(again)).status).toBe(204);
  expect((await service.write(scrape('cgroup-v2', NOON_MS + STEP_MS, 100))).status).toBe(204);
  expect(service.ingested['remote_write repeated']).toBe(1);
  service.clock.set(NOON_MS + 2 * STEP_MS);
  await service.scrapes('cgroup-v2', [130]);
  expect(await service.samples()).toMatchObject([{ cpu_usage: 80 }, { cpu_usage: 20 }]);
});

test('a sample whose commit failed is stored when the request is sent again', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100, 124]);
  await service.settle();
  const timeMs = NOON_MS + 3 * STEP_MS;
  const next = [...scrape('dcgm', timeMs - 4000, 0), ...scrape('cgroup-v2', timeMs, 130)];
  const { recordSamples } = service.store;
  service.store.recordSamples = () => Promise.reject(new AppError('unavailable', 'The disk is full.'));
  const refused = await service.write(next);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  service.store.recordSamples = recordSamples;
  expect((await service.write(next)).status).toBe(204);
  expect(await service.samples()).toMatchObject([{ cpu_usage: 80 }, { cpu_usage: 20, gpu_usage: 60 }]);
});

test('values without a partner are given up and counted, and the next ones are complete without them', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100]);
  await service.settle();
  const memory = scrape('cgroup-v2', NOON_MS + 2 * STEP_MS, 1).filter(({ name }) => name.includes('memory'));
  await service.write(memory);
  service.clock.advance(31_000);
  await service.ingest.settle();
  expect(service.ingested['remote_write incomplete']).toBe(1);
  expect(await service.samples()).toEqual([]);
});

test('what maps to nothing is accepted and counted by its reason', async () => {
  await using service = await start();
  const point = [[NOON_MS, 1]] as const;
  const series = (name: string, labels: Record<string, string>, points: SentSeries['points'] = point) => ({
    name,
    labels,
    points,
  });
  const job = { slurmjobid: '12', ...INSTANCE };
  const answer = await service.write([
    series('node_load1', INSTANCE),
    series('slurm_job_memory_rss', INSTANCE),
    series('slurm_job_memory_rss', { slurmjobid: '12' }),
    series('slurm_job_memory_rss', job, [[NOON_MS, -1]]),
    series('slurm_job_memory_limit', job, [[NOON_MS, 1.8446744073709552e19]]),
    series('slurm_job_memory_rss', job, [[NOON_MS, Number.POSITIVE_INFINITY]]),
    series('slurm_job_memory_rss', job, [[NOON_MS + 700_000, 1]]),
    series('slurm_job_memory_rss', job, [[-5, 1]]),
    series('slurm_job_memory_rss', job, [[NOON_MS, Number.NaN]]),
    series('slurm_job_memory_rss', { ...job, slurmjobid: '12' }),
  ]);
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(service.ingested).toEqual({
    'remote_write unmapped': 1,
    'remote_write no_job': 1,
    'remote_write no_node': 1,
    'remote_write out_of_range': 3,
    'remote_write bad_time': 2,
    'remote_write stale': 1,
    'remote_write used': 1,
  });
});

test('samples of unknown jobs and foreign nodes are refused and counted, and Prometheus need not repeat them', async () => {
  await using service = await start();
  for (const [steps, cpu] of [
    [1, 100],
    [2, 124],
    [3, 130],
  ] as const) {
    service.clock.set(NOON_MS + steps * STEP_MS);
    const elsewhere = { ...INSTANCE, instance: 'node09:9306' };
    expect((await service.write(scrape('cgroup-v2', service.clock.now(), cpu, elsewhere))).status).toBe(204);
  }
  await service.settle();
  expect(service.ingested['remote_write refused']).toBe(2);
});

test('a counter that began anew needs another value', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100, 124, 3, 9]);
  await service.settle();
  expect(await service.samples()).toMatchObject([{ cpu_usage: 80 }, { timestamp: at(4), cpu_usage: 20 }]);
});

test('a stop stores what waits and is whole', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100, 124]);
  await service.ingest.flush();
  expect(await service.samples()).toMatchObject([{ cpu_usage: 80 }]);
});

test('further measures and single GPUs are stored with the sample', async () => {
  await using service = await start();
  const recorded: Parameters<typeof service.store.recordSamples>[] = [];
  const { recordSamples } = service.store;
  service.store.recordSamples = (...given) => {
    recorded.push(given);
    return recordSamples(...given);
  };
  await service.scrapes('slurm-job', [100, 124]);
  await service.settle();
  const { columns, gpus } = recorded[0]![1]!;
  const plain = (map: ReadonlyMap<number, Float64Array>) =>
    Object.fromEntries([...map].map(([code, [value]]) => [code, value]));
  expect(plain(columns)).toEqual({
    1: 124,
    5: 1.6,
    6: 2,
    7: 34_748_194_816,
    8: 2 ** 30,
    10: 18_926_071_808,
    11: 68_254_601_216,
    12: 134_217_728_000,
    21: 103,
    22: 176,
  });
  expect(gpus!.names).toEqual(['gpu0']);
  expect([...gpus!.samples]).toEqual([0]);
  expect(plain(gpus!.columns)).toEqual({ 25: 80, 26: 2 ** 31, 27: 42_949_672_960, 28: 301.5 });
});

test.each([
  ['JSON', { 'content-type': 'application/json' }],
  ['version 2', { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' }],
  ['the header of version 2', { 'x-prometheus-remote-write-version': '2.0.0' }],
  ['no packing', { 'content-encoding': 'identity' }],
  ['gzip', { 'content-encoding': 'gzip' }],
])('remote write with %s is answered with 415, so that it is not repeated', async (_, headers) => {
  await using service = await start();
  const answer = await service.send('POST', PATH, remoteWrite([]), { ...REMOTE_WRITE_HEADERS, ...headers });
  expect([answer.status, answer.json.error]).toEqual([415, 'unsupported_media_type']);
});

test('a damaged remote write is answered with 400, and one that is too large with 413', async () => {
  await using service = await start();
  const send = (body: Uint8Array) => service.send('POST', PATH, body, REMOTE_WRITE_HEADERS);
  expect((await send(new Uint8Array([5, 1, 2, 3]))).json.error).toBe('invalid_request');
  expect((await send(new Uint8Array(6 * 1024 * 1024))).status).toBe(413);
  expect((await send(snappy(new Uint8Array(5 * 1024 * 1024)))).status).toBe(413);
});

/** A scrape as a collector of OpenTelemetry sends it. */
function otlp(series: readonly SentSeries[]) {
  const attributes = (labels: Readonly<Record<string, string>>) =>
    Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const metrics = series.map(({ name, labels: { instance: _, job: __, ...labels }, points }) => {
    const dataPoints = points.map(([timeMs, value]) => ({
      attributes: attributes(labels),
      timeUnixNano: `${timeMs}000000`,
      ...(Number.isInteger(value) && value < 2 ** 53 ? { asInt: String(value) } : { asDouble: value }),
    }));
    const isCounter = name.includes('cpu_') || name.endsWith('_total');
    return {
      name,
      ...(isCounter
        ? { sum: { dataPoints, aggregationTemporality: 2, isMonotonic: true } }
        : { gauge: { dataPoints } }),
    };
  });
  const resource = { attributes: attributes({ 'service.instance.id': 'node01.example:9306' }) };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
}

test.each(['/v1/ingest/otlp', '/v1/ingest/otlp/v1/metrics'])(
  '%s makes the same samples of gauges and cumulative sums',
  async (path) => {
    await using service = await start();
    for (const [steps, cpu] of [
      [1, 100],
      [2, 124],
    ] as const) {
      const scraped = scrape('slurm-job', NOON_MS + steps * STEP_MS, cpu);
      const mapped = scraped.filter(({ name }) => !/rss_huge|mapped|process_usage|gpu_memory/.test(name));
      const packed = Bun.gzipSync(JSON.stringify(otlp(mapped)));
      const answer = await service.send('POST', path, packed, {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      });
      expect([answer.status, answer.json]).toEqual([200, {}]);
    }
    await service.settle();
    expect(await service.samples()).toMatchObject([{ cpu_usage: 80, memory_usage_mb: 1024, gpu_usage: 80 }]);
    expect(service.ingested['otlp stored']).toBe(1);
  },
);

test('what OTLP brings and is not used is in partialSuccess', async () => {
  await using service = await start();
  const dataPoints = [{ timeUnixNano: NOON_MS * 1e6, asInt: 1, attributes: [] }];
  const metrics = [
    { name: 'node_load1', gauge: { dataPoints } },
    { name: 'cgroup_cpus', gauge: { dataPoints } },
    { name: 'delta', sum: { dataPoints, aggregationTemporality: 1 } },
    { name: 'seconds', histogram: { dataPoints: [{}, {}] } },
    { name: 'nothing' },
    { name: 'cgroup_cpus', gauge: { dataPoints: [{ ...dataPoints[0], flags: 1 }] } },
  ];
  const answer = await service.send('POST', '/v1/ingest/otlp', {
    resourceMetrics: [{ scopeMetrics: [{ metrics }] }],
  });
  expect(answer.json).toEqual({
    partialSuccess: {
      rejectedDataPoints: '6',
      errorMessage: 'unmapped: 1; no_node: 2; neither a gauge nor a cumulative sum: 3',
    },
  });
});

test.each([
  [{}, 'resourceMetrics'],
  [{ resourceMetrics: 5 }, 'resourceMetrics'],
  [{ resourceMetrics: [5] }, 'resourceMetrics'],
  [{ resourceMetrics: [{ scopeMetrics: {} }] }, 'scopeMetrics'],
  [{ resourceMetrics: [{ scopeMetrics: [{ metrics: [null] }] }] }, 'metrics'],
  [{ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 5 }] }] }] }, 'name'],
  [metric({ dataPoints: [7] }), 'dataPoints'],
  [metric({ dataPoints: [{ timeUnixNano: '1' }] }), 'asDouble'],
  [metric({ dataPoints: [{ asInt: '1' }] }), 'timeUnixNano'],
  [metric({ dataPoints: [{ asInt: '1', timeUnixNano: 'now' }] }), 'timeUnixNano'],
  [
    metric({ dataPoints: [{ asInt: '1', timeUnixNano: '1', attributes: [{ key: 'a', value: 5 }] }] }),
    'value',
  ],
  [
    metric({ dataPoints: [{ asInt: '1', timeUnixNano: '1', attributes: Array(200).fill({}) }] }),
    'attributes',
  ],
])('malformed OTLP %j is refused, and the message names %s', async (body, name) => {
  await using service = await start();
  const { status, json } = await service.send('POST', '/v1/ingest/otlp', body);
  expect([status, json.error]).toEqual([400, 'validation_error']);
  expect(json.message).toContain(name);
});

function metric(gauge: object) {
  return { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'up', gauge }] }] }] };
}

test('scrapes that waited for the first to settle are stored in order of time, not as first values', async () => {
  await using service = await start();
  // Ten moments wait; the first settles, and the eleventh is complete at once.
  const write = (steps: number) =>
    service.write(scrape('cgroup-v2', NOON_MS + steps * 1000, 100 + steps * 1.5));
  for (let steps = 1; steps <= 10; steps++) {
    service.clock.set(NOON_MS + steps * 1000);
    await write(steps);
  }
  service.clock.set(NOON_MS + 11_000);
  await service.ingest.settle();
  for (let steps = 11; steps <= 16; steps++) await write(steps);
  expect((await service.samples()).map(({ cpu_usage }: { cpu_usage: number }) => cpu_usage)).toEqual(
    Array(15).fill(75),
  );
  expect(service.ingested['remote_write first_counter']).toBe(1);
});

test('several scrapes in one request have each their own readings of GPUs', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100]);
  await service.settle();
  const times = [2, 3, 4].map((steps) => NOON_MS + steps * STEP_MS);
  service.clock.set(times.at(-1)!);
  await service.write(
    times.flatMap((timeMs, index) => [
      ...scrape('cgroup-v2', timeMs, 124 + 24 * index),
      ...scrape('dcgm', timeMs - 4000, 0),
    ]),
  );
  expect(await service.samples()).toMatchObject(Array(3).fill({ cpu_usage: 80, gpu_usage: 60 }));
  // Job 13 has one reading, which waits.
  expect(service.ingested['remote_write gpu_alone']).toBeUndefined();
});

test('after a restart, the counter goes on from the last sample that is stored', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100, 124]);
  await service.settle();
  const counts: Record<string, number> = {};
  const { receiver } = ingestParts(service.store, service.clock.now, (_, result, count) => {
    counts[result] = (counts[result] ?? 0) + count;
  });
  service.clock.set(NOON_MS + 3 * STEP_MS);
  const sent = scrape('cgroup-v2', service.clock.now(), 130);
  await receiver.receive('remote_write', {
    unmapped: 0,
    series: sent.map(({ name, labels, points }) => ({
      name,
      labels: new Map(Object.entries(labels)),
      times: points.map(([timeMs]) => timeMs),
      values: points.map(([, value]) => value),
    })),
  });
  service.clock.advance(11_000);
  await receiver.settle();
  expect(counts).toMatchObject({ stored: 1 });
  expect(counts.first_counter).toBeUndefined();
  expect(await service.samples()).toMatchObject([{ cpu_usage: 80 }, { cpu_usage: 20 }]);
});

test('further measures are read back by name, and GPUs by their UUID', async () => {
  await using service = await start();
  await service.scrapes('cgroup-v2', [100]);
  await service.write(scrape('dcgm', NOON_MS + STEP_MS + 4000, 0));
  await service.scrapes('cgroup-v2', [124]);
  await service.settle();
  const ask = async (query: string) =>
    (await service.send('GET', `/v1/jobs/12/metrics?${query}`)).json.samples;
  expect(await ask('fields=cpu_seconds,cpus_used,memory_cache_bytes')).toMatchObject([
    { cpu_seconds: 124, cpus_used: 1.6, memory_cache_bytes: 3 * 2 ** 30 },
  ]);
  expect(await ask('by=gpu')).toMatchObject([
    {
      gpu: 'GPU-604ac76c-d9cf-fef3-62e9-d92044ab6e52',
      gpu_utilization_percent: 80,
      gpu_memory_used_bytes: 2 ** 31,
      gpu_power_watts: 301.5,
      gpu_temperature_celsius: 54,
    },
    { gpu: 'GPU-b1d8b4f5-0000-4444-8888-c5b5a7e51111', gpu_utilization_percent: 40 },
  ]);
});

test('a GPU that two jobs hold at once is of neither, and counts for one again five minutes later', async () => {
  await using service = await start();
  const gpuOf = (job: string, timeMs: number): SentSeries => ({
    name: 'DCGM_FI_DEV_GPU_UTIL',
    labels: { UUID: 'GPU-1', hostname: 'node01', hpc_job: job },
    points: [[timeMs, 80]],
  });
  async function sampleAt(steps: number, jobs: readonly string[]) {
    const timeMs = NOON_MS + steps * STEP_MS;
    service.clock.set(timeMs);
    const gpus = jobs.map((job) => gpuOf(job, timeMs));
    await service.write([...gpus, ...scrape('cgroup-v2', timeMs, 100 + steps)]);
    await service.settle();
    return (await service.samples()).at(-1)?.gpu_usage;
  }
  await sampleAt(1, ['12']);
  expect(await sampleAt(2, ['12'])).toBe(80);
  expect(await sampleAt(3, ['12', '13'])).toBeUndefined();
  expect(await sampleAt(4, ['12'])).toBeUndefined();
  expect(service.ingested['remote_write shared_gpu']).toBe(2);
  expect(await sampleAt(3 + 20, ['12'])).toBe(80);
  // One job after the other shares nothing.
  await service.write([gpuOf('13', NOON_MS + 24 * STEP_MS)]);
  expect(await sampleAt(25, ['12'])).toBe(80);
});
