import { afterAll, beforeAll, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import { MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

let service: Awaited<ReturnType<typeof startService>>;

beforeAll(async () => {
  service = await startService();
  await service.store.createJobs([
    pastJob('a', { nodes: ['n1', 'n2', 'n3'], startTimeMs: NOON_MS - 60 * MINUTE_MS }),
    pastJob('empty'),
  ]);
  for (let minute = 0; minute < 60; minute++) {
    for (const [place, node] of ['n1', 'n2'].entries()) {
      // n2 is silent for a while.
      if (place === 1 && minute >= 20 && minute < 40) continue;
      await service.store.recordSample('a', {
        ...sample((minute - 60) * MINUTE_MS, { cpuUsage: place === 0 ? minute : 100 - minute }),
        node,
      });
    }
  }
});
afterAll(() => service[Symbol.asyncDispose]());

const get = async (query = '', headers: Record<string, string> = {}) =>
  service.send('GET', `/v1/jobs/a/heatmap${query}`, undefined, headers);

test('has a row a node, a byte a cell, gaps that are not 0, and strips', async () => {
  const { status, json } = await get('?columns=6');
  expect(status).toBe(200);
  expect(json).toMatchObject({
    job_id: 'a',
    field: 'cpu_usage',
    unit: 'percent',
    columns: 6,
    start_time: new Date(NOON_MS - 60 * MINUTE_MS).toISOString(),
    rows: [{ node: 'n1', mean: 29.5 }, { node: 'n2' }],
  });
  const cells = [...Buffer.from(json.cells, 'base64')];
  expect(cells).toHaveLength(12);
  const meant = (byte: number) => json.scale.min + (byte / 254) * (json.scale.max - json.scale.min);
  expect(cells.map((byte) => (byte === 255 ? null : Math.round(meant(byte) * 2) / 2))).toEqual([
    ...[4.5, 14.5, 24.5, 34.5, 44.5, 54.5],
    ...[95.5, 85.5, null, null, 55.5, 45.5],
  ]);
  expect(json.max[0]).toBe(95.5);
  expect(json.min[2]).toBe(24.5);
  expect(json.mean[2]).toBe(24.5);
});

test('has no more columns than two intervals each allow', async () => {
  const { json } = await get();
  expect(json.columns).toBe(29);
});

test('is packed for those who accept that, and says so', async () => {
  const answer = await service.app.handle(
    new Request('http://localhost/v1/jobs/a/heatmap', { headers: { 'accept-encoding': 'gzip' } }),
  );
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(answer.headers.get('vary')).toBe('accept-encoding');
  const text = gunzipSync(Buffer.from(await answer.arrayBuffer())).toString();
  expect(JSON.parse(text)).toEqual((await get()).json);
});

test('shows a range, and one node', async () => {
  const from = new Date(NOON_MS - 30 * MINUTE_MS).toISOString();
  const { json } = await get(`?start_time=${from}&node=n2&columns=2`);
  expect(json.rows.map(({ node }: { node: string }) => node)).toEqual(['n2']);
  expect(Date.parse(json.start_time)).toBe(NOON_MS - 20 * MINUTE_MS);
});

test('a job without samples has an empty map', async () => {
  const { json } = await service.send('GET', '/v1/jobs/empty/heatmap');
  expect(json).toMatchObject({ columns: 0, rows: [], cells: '', min: [] });
  expect(json.start_time).toBeUndefined();
});

test.each([
  ['?field=nonsense', 'not a field'],
  ['?by=gpu&field=cpu_usage', 'not of single GPUs'],
  ['?columns=0', 'columns must be'],
  ['?columns=1001', 'columns must be'],
  ['?node=n9', 'n9'],
])('refuses %s', async (query, message) => {
  const { status, json } = await get(query);
  expect(status).toBe(400);
  expect(json.message).toContain(message);
});

test('quality says what was expected and what is missing', async () => {
  const { status, json } = await service.send('GET', '/v1/jobs/a/quality');
  expect(status).toBe(200);
  expect(json).toMatchObject({ job_id: 'a', received: 100, interval_seconds: 60 });
  expect(
    json.nodes.map(({ node, received }: { node: string; received: number }) => [node, received]),
  ).toEqual([
    ['n1', 60],
    ['n2', 40],
    ['n3', 0],
  ]);
  expect(json.gaps.map(({ why, nodes }: { why: string; nodes: string[] }) => [why, nodes])).toEqual([
    ['never', ['n3']],
    ['node_silent', ['n2']],
  ]);
  expect((await service.send('GET', '/v1/jobs/a/quality?run=2')).status).toBe(404);
});
