import { expect, test } from 'bun:test';
import { startService } from '../../help/service.ts';

const METRICS = '/v1/jobs/a/metrics';

async function startWithJob() {
  const service = await startService();
  await service.send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1', 'n2'] });
  return service;
}

const NOW = '2026-01-20T12:00:00.000Z';
/** Bodies and their whole answers. */
const ACCEPTED: [body: object, answer: object][] = [
  [
    { cpu_usage: 75.5, memory_usage_mb: 4096, gpu_usage: 50 },
    { timestamp: NOW, cpu_usage: 75.5, memory_usage_mb: 4096, gpu_usage: 50 },
  ],
  [
    { cpu_usage: 0, memory_usage_mb: 0 },
    { timestamp: NOW, cpu_usage: 0, memory_usage_mb: 0 },
  ],
  [
    { cpu_usage: 100, memory_usage_mb: 2 ** 33, gpu_usage: 0 },
    { timestamp: NOW, cpu_usage: 100, memory_usage_mb: 2 ** 33, gpu_usage: 0 },
  ],
  [
    { cpu_usage: 1, memory_usage_mb: 1, gpu_usage: null, timestamp: null, node: null },
    { timestamp: NOW, cpu_usage: 1, memory_usage_mb: 1 },
  ],
  [
    { cpu_usage: 1, memory_usage_mb: 1, node: 'n2' },
    { timestamp: NOW, node: 'n2', cpu_usage: 1, memory_usage_mb: 1 },
  ],
  ...(
    [
      ['2026-01-20T10:00:00Z', '2026-01-20T10:00:00.000Z'],
      ['2026-01-20T10:00:00.123456Z', '2026-01-20T10:00:00.123Z'],
      ['2026-01-20T10:00:00+01:00', '2026-01-20T09:00:00.000Z'],
      ['2026-01-20T05:00:00-0530', '2026-01-20T10:30:00.000Z'],
      ['2026-01-20', '2026-01-20T00:00:00.000Z'],
      ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
      ['2026-01-20T12:10:00Z', '2026-01-20T12:10:00.000Z'],
    ] as const
  ).map(([given, timestamp]): [object, object] => [
    { cpu_usage: 1, memory_usage_mb: 1, timestamp: given },
    { timestamp, cpu_usage: 1, memory_usage_mb: 1 },
  ]),
];

test.each(ACCEPTED)('POST of the sample %j is answered with %j', async (body, answer) => {
  await using service = await startWithJob();
  const { status, json } = await service.send('POST', METRICS, body);
  expect([status, json]).toEqual([201, answer]);
  expect((await service.send('GET', METRICS)).json).toEqual({ job_id: 'a', samples: [answer], total: 1 });
});

test('a back-filled sample is stored and does not replace newer usage', async () => {
  await using service = await startWithJob();
  await service.send('POST', METRICS, { cpu_usage: 10, memory_usage_mb: 100 });
  const older = { timestamp: '2026-01-20T11:00:00Z', cpu_usage: 99, memory_usage_mb: 999 };
  expect((await service.send('POST', METRICS, older)).status).toBe(201);
  expect((await service.send('GET', '/v1/jobs/a')).json).toMatchObject({
    cpu_usage: 10,
    memory_usage_mb: 100,
  });
  const { json } = await service.send('GET', METRICS);
  expect(json.samples.map(({ cpu_usage }: { cpu_usage: number }) => cpu_usage)).toEqual([99, 10]);
});

/** The samples are of 10:00, 10:01 ... 10:04, with two of 10:02. */
const LISTS: [search: string, minutes: number[], total: number][] = [
  ['', [0, 1, 2, 2, 3, 4], 6],
  ['limit=2', [3, 4], 6],
  ['limit=100000', [0, 1, 2, 2, 3, 4], 6],
  ['start_time=2026-01-20T10:03:00Z', [3, 4], 2],
  ['start_time=2026-01-20T10:03:00.001Z', [4], 1],
  ['end_time=2026-01-20T10:02:00Z', [0, 1, 2, 2], 4],
  ['end_time=2026-01-20T10:01:59.999Z', [0, 1], 2],
  ['start_time=2026-01-20T10:01:00Z&end_time=2026-01-20T10:03:00Z&limit=3', [2, 2, 3], 4],
  ['start_time=2026-01-20T11:03:00+01:00', [3, 4], 2],
  ['start_time=2026-01-20T11:03:00%2B01:00', [3, 4], 2],
  ['start_time=2026-01-20T05:03:00-05:00', [3, 4], 2],
  ['start_time=2026-01-20T10:03', [3, 4], 2],
  ['start_time=2026-01-20', [0, 1, 2, 2, 3, 4], 6],
  ['start_time=2030-01-01T00:00:00Z', [], 0],
  ['start_time=2026-01-21&end_time=2026-01-20', [], 0],
];

test.each(LISTS)(
  'GET metrics?%s lists the samples of the minutes %j of %d',
  async (search, minutes, total) => {
    await using service = await startWithJob();
    for (const minute of [4, 0, 2, 1, 2, 3]) {
      const timestamp = `2026-01-20T10:0${minute}:00Z`;
      await service.send('POST', METRICS, { timestamp, cpu_usage: minute, memory_usage_mb: 1 });
    }
    const { status, json } = await service.send('GET', `${METRICS}?${search}`);
    expect(status).toBe(200);
    expect({ ...json, samples: json.samples.map((one: { cpu_usage: number }) => one.cpu_usage) }).toEqual({
      job_id: 'a',
      samples: minutes,
      total,
    });
  },
);

test('the newest 1000 samples are listed by default', async () => {
  await using service = await startWithJob();
  const { store, clock } = service;
  const usage = { cpuUsage: 1, memoryUsageMb: 1, stamped: true };
  await store.recordSamples(
    Array.from({ length: 1001 }, (_, index) => ({ jobId: 'a', timeMs: clock.now() + index, ...usage })),
  );
  const { json } = await service.send('GET', METRICS);
  expect(json.samples).toHaveLength(1000);
  expect(json.samples[0].timestamp).toBe('2026-01-20T12:00:00.001Z');
  expect(json.total).toBe(1001);
});
