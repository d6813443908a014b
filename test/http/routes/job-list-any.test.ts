import { afterAll, beforeAll, expect, test } from 'bun:test';
import { NEWEST_FIRST } from '../../../src/domain/list.ts';
import { readCursor, writeCursor } from '../../../src/http/request/cursor.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

let service: Awaited<ReturnType<typeof startService>>;

const MINUTE_MS = 60_000;

/** Jobs a minute apart, oldest first, each with its usage and its runtime in minutes. */
const JOBS = [
  { id: 'a', user: 'alice', nodes: ['n1', 'n2'], state: 'completed', ran: 5, usage: [10, 500, 30] },
  { id: 'b', user: 'bob', nodes: ['n2'], state: 'failed', ran: 1, usage: [50, 100] },
  { id: 'c', user: 'a,b', nodes: ['n3'], state: 'cancelled', ran: 3 },
  { id: 'd "x", y', user: 'Ann', nodes: ['n1'], state: 'running', usage: [90, 300, 70] },
  { id: 'e', user: 'bob', nodes: ['n3', 'n1'], state: 'running', usage: [10, 100, 0] },
] as const;

beforeAll(async () => {
  service = await startService();
  for (const [index, job] of JOBS.entries()) {
    const startMs = NOON_MS + index * MINUTE_MS;
    service.clock.set(startMs);
    const { id, user, nodes, state } = job;
    await service.send('POST', '/v1/jobs', { id, user, nodes });
    const path = `/v1/jobs/${encodeURIComponent(id)}`;
    if ('usage' in job) {
      const [cpu, memory, gpu = null] = job.usage;
      await service.send('POST', `${path}/metrics`, {
        cpu_usage: cpu,
        memory_usage_mb: memory,
        gpu_usage: gpu,
      });
    }
    if ('ran' in job) service.clock.set(startMs + job.ran * MINUTE_MS);
    await service.send('PATCH', path, { state });
  }
  service.clock.set(NOON_MS + 10 * MINUTE_MS);
});

afterAll(() => service[Symbol.asyncDispose]());

const get = (search: string, headers: Record<string, string> = {}) =>
  service.send('GET', `/v1/jobs?${search}`, undefined, headers);
const initialsOf = (json: { jobs: { id: string }[] }) => json.jobs.map(({ id }) => id[0]).join('');

const at = (minutes: number) => new Date(NOON_MS + minutes * MINUTE_MS).toISOString();

const LISTS: [search: string, ids: string][] = [
  ['state=failed,cancelled', 'cb'],
  ['state=failed&state=cancelled', 'cb'],
  ['state=failed,failed', 'b'],
  ['user=alice,bob', 'eba'],
  ['user=bob&user=alice', 'eba'],
  ['user=a,b', 'c'],
  ['user=a%2Cb', 'c'],
  ['user=a,b&user=bob', 'ecb'],
  ['user=b,Ann', 'd'],
  ['user=,', ''],
  ['node=n1,n2', 'edba'],
  ['node=n1&node=n3', 'edca'],
  ['node=n9,n8', ''],
  ['node=n1,n3&user=bob,Ann&state=running', 'ed'],
  [`since=${at(4)}`, 'edca'],
  [`since=${at(5)}`, 'edca'],
  ['since=2026-01-20T12:05:00.001Z', 'ed'],
  [`since=${at(10)}`, 'ed'],
  ['since=2026-01-20T12:10:00.001Z', ''],
  [`until=${at(1)}`, 'ba'],
  [`since=${at(2)}&until=${at(2)}`, 'cba'],
  ['since=2026-01-20T14:05:00%2B02:00&until=2026-01-20T12:02', 'ca'],
  ['min_runtime=0', 'edcba'],
  ['min_runtime=300', 'eda'],
  ['min_runtime=5m', 'eda'],
  ['min_runtime=301', 'ed'],
  ['min_runtime=6m&state=running', 'ed'],
  ['min_runtime=7m', 'd'],
  ['q=AN', 'd'],
  ['q=an', 'd'],
  ['q=b', 'ecb'],
  ['q=%22X%22', 'd'],
  ['q=%25', ''],
  ['q=_', ''],
  ['sort=start_time', 'edcba'],
  ['sort=start_time&order=asc', 'abcde'],
  ['order=asc', 'abcde'],
  ['sort=end_time', 'acbde'],
  ['sort=end_time&order=asc', 'bacde'],
  ['sort=runtime', 'deacb'],
  ['sort=runtime&order=asc', 'bcaed'],
  ['sort=cpu_usage', 'dbaec'],
  ['sort=cpu_usage&order=asc', 'caebd'],
  ['sort=memory_usage', 'adbec'],
  ['sort=memory_usage&order=asc', 'cbeda'],
  ['sort=gpu_usage', 'daebc'],
  ['sort=gpu_usage&order=asc', 'eadbc'],
];

test.each(LISTS)('GET /v1/jobs?%s lists the jobs %s, on one page and by cursor', async (search, ids) => {
  const whole = await get(search);
  expect(initialsOf(whole.json)).toBe(ids);
  expect(whole.json).toMatchObject({ total: ids.length, limit: 100, offset: 0 });
  expect(whole.json).not.toHaveProperty('next_cursor');
  let page = await get(`${search}&limit=2`);
  let seen = initialsOf(page.json);
  while (page.json.next_cursor !== undefined) {
    expect(page.json.jobs).toHaveLength(2);
    page = await get(`${search}&limit=2&cursor=${page.json.next_cursor}`);
    expect(page.json).toMatchObject({ total: ids.length, offset: 0 });
    seen += initialsOf(page.json);
    expect(seen.length).toBeLessThanOrEqual(ids.length);
  }
  expect(seen).toBe(ids);
  const rows = await get(`${search}&format=ndjson`);
  expect(
    rows.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)),
  ).toEqual(whole.json.jobs);
});

test('a cursor works only for its own list, with any limit and in any format', async () => {
  const search = 'state=running,failed&sort=cpu_usage';
  const { next_cursor: cursor } = (await get(`${search}&limit=1`)).json;
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(initialsOf((await get(`${search}&cursor=${cursor}`)).json)).toBe('be');
  expect((await get(`${search}&cursor=${cursor}&format=csv`)).text.split('\r\n')).toHaveLength(4);
  const others = [
    ...[
      'sort=cpu_usage',
      'state=running&sort=cpu_usage',
      `${search}&q=b`,
      `${search}&order=asc`,
      'state=running,failed',
    ],
    `${search}&since=2026-01-20`,
  ];
  for (const other of others) {
    const { status, json } = await get(`${other}&cursor=${cursor}`);
    expect({ other, status, error: json.error }).toEqual({ other, status: 400, error: 'validation_error' });
    expect(json.message).toContain('start again without cursor');
  }
});

test('a cursor with any change in it is refused', async () => {
  const { next_cursor: cursor } = (await get('limit=1')).json;
  const fields = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  expect(Object.keys(fields)).toEqual(['sort', 'ascending', 'now', 'value', 'id', 'check']);
  const changes: object[] = [
    { id: 'a' },
    { id: 5 },
    { value: 0 },
    { value: null },
    { value: 'x' },
    { now: 1.5 },
    { now: undefined },
    { sort: 'runtime' },
    { ascending: true },
    { check: 'x' },
  ];
  for (const change of changes) {
    const changed = Buffer.from(JSON.stringify({ ...fields, ...change })).toString('base64url');
    expect({ change, status: (await get(`limit=1&cursor=${changed}`)).status }).toEqual({
      change,
      status: 400,
    });
  }
  expect((await get(`limit=1&cursor=${cursor}`)).status).toBe(200);
});

test.each([
  { after: { value: 'x', id: 'a' }, nowMs: 0 },
  { after: { value: 1, id: 5 }, nowMs: 0 },
  { after: { value: 1, id: 'a' }, nowMs: '0' },
])('the forged cursor %j is refused, because its values have the wrong type', (cursor) => {
  const made = writeCursor(cursor as never, NEWEST_FIRST, '{}');
  expect(() => readCursor(made, NEWEST_FIRST, '{}')).toThrow('start again');
});

test('all pages of a list use the time of the first page as "now"', async () => {
  const first = await get('sort=runtime&limit=1');
  expect(initialsOf(first.json)).toBe('d');
  service.clock.advance(60 * MINUTE_MS);
  const { json } = await get(`sort=runtime&cursor=${first.json.next_cursor}`);
  const second = await get(`sort=runtime&limit=1&cursor=${first.json.next_cursor}`);
  service.clock.advance(-60 * MINUTE_MS);
  for (const { next_cursor } of [first.json, second.json]) {
    const { now } = JSON.parse(Buffer.from(next_cursor, 'base64url').toString());
    expect(now).toBe(NOON_MS + 10 * MINUTE_MS);
  }
  expect(initialsOf(json)).toBe('eacb');
});

const HEADER =
  'id,user,nodes,state,start_time,end_time,runtime_seconds,cpu_usage,memory_usage_mb,gpu_usage,usage_time,' +
  'name,account,partition,qos,cluster,submit_time,time_limit_seconds,cpus,memory_limit_mb,gpus,node_count,work_dir,' +
  'array_job_id,array_task_id,array_task_limit,exit_code,signal,raw_state,reason,restarts,sluid,suspended_seconds,' +
  'energy_joules,energy_method,state_confirmed,finding,severity';
/** Fields without a value. */
const NO_DETAILS = ','.repeat(27);

test('CSV has the field names of JSON, unchanged values, and empty cells for unknown ones', async () => {
  const { status, headers, text } = await get('sort=start_time&order=asc', { accept: 'text/csv' });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(headers.get('vary')).toBe('accept');
  expect(text).toBe(
    [
      HEADER,
      `a,alice,n1 n2,completed,2026-01-20T12:00:00.000Z,2026-01-20T12:05:00.000Z,300,10,500,30,2026-01-20T12:00:00.000Z${NO_DETAILS}`,
      `b,bob,n2,failed,2026-01-20T12:01:00.000Z,2026-01-20T12:02:00.000Z,60,50,100,,2026-01-20T12:01:00.000Z${NO_DETAILS}`,
      `c,"a,b",n3,cancelled,2026-01-20T12:02:00.000Z,2026-01-20T12:05:00.000Z,180,0,0,,${NO_DETAILS}`,
      `"d ""x"", y",Ann,n1,running,2026-01-20T12:03:00.000Z,,,90,300,70,2026-01-20T12:03:00.000Z${NO_DETAILS}`,
      `e,bob,n3 n1,running,2026-01-20T12:04:00.000Z,,,10,100,0,2026-01-20T12:04:00.000Z${NO_DETAILS}`,
      '',
    ].join('\r\n'),
  );
});

test('NDJSON has one job per line, each the same as in JSON', async () => {
  const { headers, text } = await get('', { accept: 'application/x-ndjson' });
  expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
  expect(text).toBe((await get('')).json.jobs.map((job: object) => `${JSON.stringify(job)}\n`).join(''));
});

test('rows start at the offset, end at the limit, and may be none', async () => {
  const linesOf = async (search: string) =>
    (await get(`${search}&format=csv`)).text.split('\r\n').slice(1, -1);
  expect(await linesOf('limit=2')).toHaveLength(2);
  expect(await linesOf('limit=1000000')).toHaveLength(5);
  expect((await linesOf('limit=1&offset=3'))[0]).toStartWith('b,');
  expect((await linesOf('sort=cpu_usage&offset=4'))[0]).toStartWith('c,');
  expect(await linesOf('offset=7')).toEqual([]);
  expect((await get('user=nobody&format=csv')).text).toBe(`${HEADER}\r\n`);
  expect((await get('user=nobody&format=ndjson')).text).toBe('');
  expect((await get('format=json', { accept: 'text/csv' })).json.total).toBe(5);
  expect((await service.send('HEAD', '/v1/jobs?format=csv')).headers.get('content-type')).toStartWith(
    'text/csv',
  );
});

test('a long list is sent as rows while other requests are answered', async () => {
  await using many = await startService();
  const jobs = Array.from({ length: 12_345 }, (_, index) => ({
    id: `job-${index}`,
    user: 'u',
    nodes: ['n'],
    state: 'running' as const,
    startTimeMs: NOON_MS + (index % 5000),
  }));
  await many.store.createJobs(jobs);
  for (const search of ['format=csv', 'format=csv&q=job', 'format=csv&sort=cpu_usage']) {
    const rows = many.send('GET', `/v1/jobs?${search}`);
    let isOver = false;
    void rows.then(() => {
      isOver = true;
    });
    let answered = 0;
    while (!isOver) {
      expect((await many.send('GET', '/v1/jobs/job-1')).status).toBe(200);
      answered++;
      // Without a socket nothing else yields to the event loop.
      await new Promise<void>((next) => setImmediate(next));
    }
    expect(answered).toBeGreaterThan(5);
    const ids = (await rows).text
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.slice(0, line.indexOf(',')));
    expect(new Set(ids).size).toBe(jobs.length);
    expect(ids).toHaveLength(jobs.length);
  }
});

test('a failure before the first row is answered as an error', async () => {
  await using closed = await startService();
  await closed.store.close();
  const { status, json } = await closed.send('GET', '/v1/jobs?format=csv');
  expect({ status, error: json.error }).toEqual({ status: 503, error: 'unavailable' });
});
