import { afterAll, beforeAll, expect, test } from 'bun:test';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

let service: Awaited<ReturnType<typeof startService>>;

const at = (minutes: number) => new Date(NOON_MS + minutes * 60_000).toISOString();

/** Jobs by their first letter; c was never measured and has no details. */
const JOBS = [
  {
    ...{ id: 'a', user: 'alice', nodes: ['n1', 'n2', 'n3'], state: 'running', start_time: at(2) },
    ...{ submit_time: at(1), cpus: 96, gpus: 4, memory_limit_mb: 1000, name: 'train-1' },
  },
  {
    ...{ id: 'b', user: 'bob', nodes: ['n12'], state: 'failed', start_time: at(1), end_time: at(5) },
    ...{ submit_time: at(-60), cpus: 8, gpus: 0, name: 'train', raw_state: 'TIMEOUT', reason: 'TimeLimit' },
  },
  { id: 'c', user: 'bob', nodes: ['n4'], state: 'running', start_time: at(0) },
];
const SAMPLES = [
  ...['n1', 'n2', 'n3'].map((node) => ({
    job_id: 'a',
    node,
    memory_usage_mb: 310,
    cpu_usage: 40,
    gpu_usage: 3,
  })),
  { job_id: 'b', node: 'n12', memory_usage_mb: 10, cpu_usage: 0 },
];

beforeAll(async () => {
  service = await startService();
  service.clock.set(NOON_MS + 10 * 60_000);
  expect((await service.send('POST', '/v1/jobs/batch', { jobs: JOBS })).json.stored).toBe(3);
  expect((await service.send('POST', '/v1/samples', { samples: SAMPLES })).json.stored).toBe(4);
});
afterAll(() => service[Symbol.asyncDispose]());

const get = (search: string) => service.send('GET', `/v1/jobs?${search}`);

const LISTS: [search: string, ids: string][] = [
  ['raw_state=timeout', 'b'],
  ['raw_state=TIMEOUT,OUT_OF_MEMORY', 'b'],
  ['raw_state=RUNNING&raw_state=Timeout', 'b'],
  ['reason=timelimit', 'b'],
  ['reason=Time*,Priority', 'b'],
  ['name=train', 'b'],
  ['name=train*', 'ab'],
  ['name=*-1', 'a'],
  ['name=TRAIN*', ''],
  ['node=n[1-8,12]', 'abc'],
  ['node=n[3-4]', 'ac'],
  ['node=n[1,2],n12', 'ab'],
  // One list, however many numbers it has.
  [`node=n[${Array.from({ length: 100 }, (_, number) => number + 4)}]`, 'bc'],
  ['min_nodes=2', 'a'],
  ['max_nodes=1', 'bc'],
  ['min_cpus=8&max_cpus=95', 'b'],
  ['min_gpus=1', 'a'],
  ['max_gpus=0', 'b'],
  ['min_cpu_usage=0', 'ab'],
  ['max_cpu_usage=39.9', 'b'],
  ['min_memory_percent=93', 'a'],
  ['min_memory_percent=93.1', ''],
  ['max_memory_usage_mb=10', 'b'],
  ['max_gpu_usage=5', 'a'],
  ['min_wait=1h', 'b'],
  ['max_wait=60', 'a'],
  ['min_runtime=4m&max_runtime=8m', 'ab'],
  ['state=running&min_gpus=1&max_gpu_usage=5', 'a'],
  ['sort=wait', 'bac'],
  ['sort=cpus&order=asc', 'bac'],
  ['sort=gpus', 'abc'],
  ['sort=nodes', 'abc'],
];

test.each(LISTS)('GET /v1/jobs?%s lists the jobs %s, by page, as CSV and as NDJSON', async (search, ids) => {
  const { json } = await get(search);
  expect({ ids: json.jobs.map((job: { id: string }) => job.id).join(''), total: json.total }).toEqual({
    ids,
    total: ids.length,
  });
  let pages = '';
  for (let cursor = ''; ; ) {
    const page = (await get(`${search}&limit=1${cursor}`)).json;
    pages += page.jobs.map((job: { id: string }) => job.id).join('');
    if (page.next_cursor === undefined) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  expect(pages).toBe(ids);
  const csv = (await get(`${search}&format=csv`)).text.split('\r\n').slice(1, -1);
  expect(csv.map((line) => line[0]).join('')).toBe(ids);
  const rows = (await get(`${search}&format=ndjson`)).text.split('\n').slice(0, -1);
  expect(rows.map((line) => JSON.parse(line))).toEqual(json.jobs);
});

test.each([
  ['min_nodes=x', 'min_nodes must be a whole number'],
  ['min_cpus=1.5', 'min_cpus must be a whole number'],
  ['max_cpu_usage=101', 'max_cpu_usage must be a number from 0 to 100'],
  ['max_gpu_usage=1e1', 'max_gpu_usage must be a number'],
  ['min_wait=long', 'min_wait must be whole seconds or a duration'],
  ['min_cpus=5&max_cpus=4', 'min_cpus must not be greater than max_cpus.'],
  ['node=n[1-', 'unmatched bracket'],
  ['node=n[1-20000]', 'more than 10000 nodes'],
])('GET /v1/jobs?%s is refused with what is wrong', async (search, message) => {
  const { status, json } = await get(search);
  expect({ status, error: json.error }).toEqual({ status: 400, error: 'validation_error' });
  expect(json.message).toContain(message);
});
