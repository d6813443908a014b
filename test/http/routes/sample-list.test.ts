import { expect, test } from 'bun:test';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const at = (ms: number) => new Date(NOON_MS + ms).toISOString();

/** Starts a service with a job on two nodes and six samples, one per second. */
async function startWithSamples() {
  const service = await startService();
  await service.send('POST', '/v1/jobs', { id: 'a,"b"', user: 'alice', nodes: ['n1', 'n2'] });
  for (const [index, cpu_usage] of [10, 20, 30, 40, 50, 60].entries()) {
    await service.send('POST', `/v1/jobs/${encodeURIComponent('a,"b"')}/metrics`, {
      cpu_usage,
      memory_usage_mb: 100 * index,
      timestamp: at(index * 1000),
      ...(index % 2 === 1 && { node: 'n2', gpu_usage: index }),
    });
  }
  const path = `/v1/jobs/${encodeURIComponent('a,"b"')}`;
  return {
    ...service,
    path,
    get: (query: string, accept = '*/*') => service.send('GET', `${path}${query}`, undefined, { accept }),
  };
}

test('order reverses the list, and the limit selects the newest in either order', async () => {
  await using service = await startWithSamples();
  const cpu = async (query: string) =>
    (await service.get(`/metrics${query}`)).json.samples.map(
      ({ cpu_usage }: { cpu_usage: number }) => cpu_usage,
    );
  expect(await cpu('')).toEqual([10, 20, 30, 40, 50, 60]);
  expect(await cpu('?order=desc')).toEqual([60, 50, 40, 30, 20, 10]);
  expect(await cpu('?limit=2')).toEqual([50, 60]);
  expect(await cpu('?limit=2&order=desc')).toEqual([60, 50]);
});

test('node selects the samples of one node, and only samples of other nodes than the first show their node', async () => {
  await using service = await startWithSamples();
  expect((await service.get('/metrics?node=n2')).json).toMatchObject({
    total: 3,
    samples: [{ node: 'n2', cpu_usage: 20 }, { cpu_usage: 40 }, { cpu_usage: 60 }],
  });
  expect((await service.get('/metrics?node=n1&limit=1')).json.samples).toEqual([
    { timestamp: at(4000), cpu_usage: 50, memory_usage_mb: 400 },
  ]);
  expect((await service.get('/metrics?node=n3')).json).toMatchObject({ error: 'validation_error' });
});

test('max_points returns spans of equal length with minimum, mean and maximum', async () => {
  await using service = await startWithSamples();
  const { json } = await service.get('/metrics?max_points=2');
  expect(json.total).toBe(6);
  expect(json.samples).toEqual([
    {
      timestamp: at(0),
      cpu_usage: 20,
      memory_usage_mb: 100,
      gpu_usage: 1,
      summary: {
        seconds: 2.501,
        samples: 3,
        cpu_usage: { min: 10, mean: 20, max: 30 },
        memory_usage_mb: { min: 0, mean: 100, max: 200 },
        gpu_usage: { min: 1, mean: 1, max: 1 },
      },
    },
    expect.objectContaining({ timestamp: at(2501), cpu_usage: 50, gpu_usage: 4 }),
  ]);
  expect((await service.get('/metrics?max_points=100')).json.samples).toHaveLength(6);
  expect((await service.get('/metrics?max_points=0')).json.error).toBe('validation_error');
});

test('CSV and NDJSON contain every sample, by header or by parameter', async () => {
  await using service = await startWithSamples();
  const csv = await service.get('/metrics', 'text/csv');
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const lines = csv.text.split('\r\n');
  expect(lines[0]).toStartWith('timestamp,node,cpu_usage,memory_usage_mb,gpu_usage,seconds');
  expect(lines.slice(1, 3)).toEqual([`${at(0)},,10,0,,,,,,,,,`, `${at(1000)},n2,20,100,1,,,,,,,,`]);
  expect(lines).toHaveLength(8);
  expect((await service.get('/metrics?format=csv')).text).toBe(csv.text);
  const ndjson = await service.get('/metrics?order=desc&limit=1', 'application/x-ndjson');
  expect(ndjson.text).toBe(
    `${JSON.stringify({ timestamp: at(5000), node: 'n2', cpu_usage: 60, memory_usage_mb: 500, gpu_usage: 5 })}\n`,
  );
  expect((await service.send('GET', '/v1/jobs/none/metrics?format=csv')).json.error).toBe('not_found');
});

test('the summary covers the whole job and each node', async () => {
  await using service = await startWithSamples();
  expect((await service.get('/summary')).json).toEqual({
    job_id: 'a,"b"',
    samples: 6,
    observed_seconds: 5,
    cpu_usage: { mean: 35, max: 60 },
    memory_usage_mb: { mean: 500, max: 900 },
    gpu_usage: { mean: 3, max: 5 },
    nodes: [
      {
        node: 'n1',
        samples: 3,
        observed_seconds: 4,
        cpu_usage: { mean: 30, max: 50 },
        memory_usage_mb: { mean: 200, max: 400 },
      },
      {
        node: 'n2',
        samples: 3,
        observed_seconds: 4,
        cpu_usage: { mean: 40, max: 60 },
        memory_usage_mb: { mean: 300, max: 500 },
        gpu_usage: { mean: 3, max: 5 },
      },
    ],
  });
  expect((await service.send('GET', '/v1/jobs/none/summary')).json.error).toBe('not_found');
});
