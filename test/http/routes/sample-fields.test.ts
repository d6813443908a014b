import { expect, test } from 'bun:test';
import { pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { type MeasuredSample, measuresOf } from '../../help/measured-batch.ts';
import { startService } from '../../help/service.ts';

const at = (ms: number) => new Date(NOON_MS + ms).toISOString();

const made = (second: number, node: string, fields: Omit<MeasuredSample, 'sample'>): MeasuredSample => ({
  sample: {
    ...{ jobId: 'a', node, timeMs: NOON_MS + second * 1000, stamped: false },
    ...{ cpuUsage: 10 * second, memoryUsageMb: 100, ...(second > 0 && { gpuUsage: 5 }) },
  },
  ...fields,
});

/** Starts a service with a job on two nodes, with counters on both and GPUs on the second. */
async function startWithMeasures() {
  const service = await startService();
  await service.store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
  const samples = [
    made(0, 'n1', { measured: { io_read_bytes: 1000 } }),
    made(1, 'n1', { measured: { io_read_bytes: 3000, memory_peak_bytes: 2 ** 40 } }),
    made(1, 'n2', {
      measured: { io_read_bytes: 50 },
      gpus: {
        'GPU-b': { gpu_power_watts: 300.5 },
        'GPU-a': { gpu_power_watts: 90, gpu_temperature_celsius: 45 },
      },
    }),
    made(2, 'n2', { gpus: { 'GPU-b': { gpu_power_watts: 310 } } }),
  ];
  await service.store.recordSamples(
    samples.map(({ sample }) => sample),
    measuresOf(samples),
  );
  const get = (query: string, accept = '*/*') =>
    service.send('GET', `/v1/jobs/a/metrics?${query}`, undefined, { accept });
  return { ...service, get };
}

test('fields choose what rows have, and what was not measured is left out', async () => {
  await using service = await startWithMeasures();
  const { json } = await service.get('fields=io_read_bytes,gpu_usage,memory_peak_bytes');
  expect(json).toEqual({
    job_id: 'a',
    samples: [
      { timestamp: at(0), io_read_bytes: 1000 },
      { timestamp: at(1000), io_read_bytes: 3000, gpu_usage: 5, memory_peak_bytes: 2 ** 40 },
      { timestamp: at(1000), node: 'n2', io_read_bytes: 50, gpu_usage: 5 },
      { timestamp: at(2000), node: 'n2', gpu_usage: 5 },
    ],
    total: 4,
  });
  expect((await service.get('fields=io_writes&node=n1&limit=1')).json).toMatchObject({
    samples: [{ timestamp: at(1000) }],
    total: 2,
  });
});

test('the default fields may be named, and their order is that of the rows', async () => {
  await using service = await startWithMeasures();
  const named = await service.get('fields=cpu_usage,memory_usage_mb,gpu_usage');
  expect(named.text).toBe((await service.get('')).text);
  expect((await service.get('fields=gpu_usage,cpu_usage&limit=1')).text).toContain(
    `{"timestamp":"${at(2000)}","node":"n2","gpu_usage":5,"cpu_usage":20}`,
  );
});

test('CSV and NDJSON have the chosen fields', async () => {
  await using service = await startWithMeasures();
  const csv = await service.get('fields=io_read_bytes,memory_peak_bytes&format=csv');
  expect(csv.text.split('\r\n')).toEqual([
    'timestamp,node,io_read_bytes,memory_peak_bytes,seconds,samples,' +
      'io_read_bytes_min,io_read_bytes_max,memory_peak_bytes_min,memory_peak_bytes_max',
    `${at(0)},,1000,,,,,,,`,
    `${at(1000)},,3000,1099511627776,,,,,,`,
    `${at(1000)},n2,50,,,,,,,`,
    `${at(2000)},n2,,,,,,,,`,
    '',
  ]);
  const ndjson = await service.get('fields=io_read_bytes&order=desc&limit=2', 'application/x-ndjson');
  expect(ndjson.text).toBe(
    `{"timestamp":"${at(2000)}","node":"n2"}\n{"timestamp":"${at(1000)}","node":"n2","io_read_bytes":50}\n`,
  );
});

test('by=gpu has a row for each GPU of each node, with all measures of GPUs', async () => {
  await using service = await startWithMeasures();
  const rows = [
    { timestamp: at(1000), node: 'n2', gpu: 'GPU-a', gpu_power_watts: 90, gpu_temperature_celsius: 45 },
    { timestamp: at(1000), node: 'n2', gpu: 'GPU-b', gpu_power_watts: 300.5 },
    { timestamp: at(2000), node: 'n2', gpu: 'GPU-b', gpu_power_watts: 310 },
  ];
  expect((await service.get('by=gpu')).json).toEqual({ job_id: 'a', samples: rows, total: 3 });
  expect((await service.get('by=gpu&limit=1')).json).toEqual({
    job_id: 'a',
    samples: rows.slice(2),
    total: 3,
  });
  expect((await service.get('by=gpu&fields=gpu_temperature_celsius')).json.total).toBe(1);
  expect((await service.get('by=gpu&node=n1')).json).toEqual({ job_id: 'a', samples: [], total: 0 });
  const csv = await service.get(`by=gpu&fields=gpu_power_watts&format=csv&end_time=${at(1000)}`);
  expect(csv.text.split('\r\n')).toEqual([
    'timestamp,node,gpu,gpu_power_watts,seconds,samples,gpu_power_watts_min,gpu_power_watts_max',
    `${at(1000)},n2,GPU-a,90,,,,`,
    `${at(1000)},n2,GPU-b,300.5,,,,`,
    '',
  ]);
});

test('points have the least, mean and greatest value of chosen fields, and counters their latest', async () => {
  await using service = await startWithMeasures();
  const query = 'fields=io_read_bytes,gpu_power_watts,cpu_usage&max_points=1';
  const { json } = await service.get(query);
  expect(json.samples).toEqual([
    {
      timestamp: at(0),
      io_read_bytes: 3050,
      gpu_power_watts: 350.25,
      cpu_usage: 10,
      summary: {
        seconds: 2.001,
        samples: 4,
        io_read_bytes: { min: 50, mean: 1350, max: 3000 },
        gpu_power_watts: { min: 310, mean: 350.25, max: 390.5 },
        cpu_usage: { min: 0, mean: 10, max: 20 },
      },
    },
  ]);
  const csv = await service.get(`${query}&format=csv`);
  expect(csv.text.split('\r\n')[1]).toBe(`${at(0)},,3050,350.25,10,2.001,4,50,3000,310,390.5,0,20`);
  const gpus = await service.get('by=gpu&fields=gpu_power_watts&max_points=1', 'application/x-ndjson');
  const span = { seconds: 1.001 };
  expect(
    gpus.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    {
      ...{ timestamp: at(1000), node: 'n2', gpu: 'GPU-a', gpu_power_watts: 90, ...span, samples: 1 },
      ...{ gpu_power_watts_min: 90, gpu_power_watts_max: 90 },
    },
    {
      ...{ timestamp: at(1000), node: 'n2', gpu: 'GPU-b', gpu_power_watts: 305.25, ...span, samples: 2 },
      ...{ gpu_power_watts_min: 300.5, gpu_power_watts_max: 310 },
    },
  ]);
});
