import { GPU_FIELDS } from '../../../src/domain/reading-fields.ts';
import { askAndLeave, atOnce, type Case, get, OF_500, send } from './case.ts';

const read = (endpoint: string, use: string, path: string): Case => ({
  endpoint,
  use,
  run: (url) => get(url, path),
});

/** The path of the script of the pages. */
const scriptOf = async (url: string): Promise<string> =>
  `/${/web\/[^"]+\.js/.exec(await (await fetch(url)).text())![0]}`;

/** The job of `bigJob` in data.ts. */
const BIG = '/v1/jobs/big';
const METRICS = 'GET /v1/jobs/:jobId/metrics';
const metrics = (use: string, query: string) => read(METRICS, use, `${BIG}/metrics${query}`);

/** What all nodes have of the same hours is held together, and the log beside it. */
const DOWNLOAD = { memoryMb: 450 };

/** Uses of the routes that read samples, on a job with 1,000 nodes. `zoom` is an hour of it, as a query. */
export const samplesOf = (zoom: string): readonly Case[] => [
  read('GET /v1/jobs/:jobId', 'a job with 1,000 nodes', BIG),
  read('GET /v1/jobs/:jobId/findings', 'a job with 1,000 nodes', `${BIG}/findings`),
  read('GET /v1/jobs/:jobId/sizing', 'a job with 1,000 nodes', `${BIG}/sizing`),
  read('GET /v1/jobs/:jobId/summary', 'a job with 1,000 nodes', `${BIG}/summary`),
  read('GET /v1/sparklines', 'a job with 1,000 nodes', '/v1/sparklines?job=big'),
  read('GET /v1/jobs/:jobId/runs', 'a job with 1,000 nodes', `${BIG}/runs`),
  read('GET /v1/jobs/:jobId/heatmap', '300 columns of 1,000 nodes', `${BIG}/heatmap`),
  read('GET /v1/jobs/:jobId/heatmap', '300 columns of an hour', `${BIG}/heatmap?${zoom}`),
  read('GET /v1/jobs/:jobId/quality', 'a job with 1,000 nodes', `${BIG}/quality`),
  read('GET /v1/jobs/:jobId/wait', 'a job with 1,000 nodes', `${BIG}/wait`),
  {
    endpoint: 'GET /v1/jobs/:jobId/steps',
    use: 'of a service without Slurm',
    run: (url) => atOnce(100, () => askAndLeave(url, `${BIG}/steps`, 1000)),
  },
  read('GET /v1/jobs/:jobId/events', 'a job with 1,000 nodes', `${BIG}/events`),
  metrics('the newest 1,000 of all nodes', ''),
  metrics('the newest 10 of all nodes', '?limit=10'),
  metrics('the newest 100,000 of all nodes', '?limit=100000'),
  metrics('one node', '?node=n0500'),
  metrics('200 points of all nodes', '?max_points=200'),
  metrics('10,000 points of all nodes', '?max_points=10000'),
  metrics('200 points of an hour', `?max_points=200&${zoom}`),
  { ...metrics('all of it as CSV', '?format=csv'), limits: DOWNLOAD },
  { ...metrics('all of it as NDJSON, descending', '?format=ndjson&order=desc'), limits: DOWNLOAD },
  {
    endpoint: METRICS,
    use: 'ten plots at once',
    // What is copied out of the log is garbage that is collected late.
    limits: { memoryMb: 550 },
    run: (url) => atOnce(10, () => get(url, `${BIG}/metrics?max_points=200`)),
  },
  {
    endpoint: METRICS,
    use: '60 downloads that nobody reads',
    // Five that are let in hold what the log has of the job.
    limits: { memoryMb: 500 },
    run: (url) => atOnce(60, () => askAndLeave(url, `${BIG}/metrics?format=csv`, 1000)),
  },
];

/** Reads of further measures, on a job with 1,000 nodes of two GPUs each. */
export const measuresOf = (zoom: string): readonly Case[] => [
  metrics('200 points of a further measure', '?fields=io_read_bytes&max_points=200'),
  metrics('10,000 points of all fields of GPUs', `?fields=gpu_usage,${GPU_FIELDS}&max_points=10000`),
  metrics('the newest 100,000 with a further measure', '?fields=cpu_usage,io_read_bytes&limit=100000'),
  read('GET /v1/jobs/:jobId/heatmap', 'a further measure', `${BIG}/heatmap?field=io_read_bytes`),
  read('GET /v1/jobs/:jobId/heatmap', 'each GPU', `${BIG}/heatmap?by=gpu&field=gpu_power_watts`),
  metrics('the newest 1,000 of all GPUs', '?by=gpu'),
  metrics('200 points of each GPU', `?by=gpu&max_points=200`),
  metrics('200 points of each GPU in an hour', `?by=gpu&fields=gpu_power_watts&max_points=200&${zoom}`),
  // Ten columns a row instead of four.
  { ...metrics('all GPUs as CSV', '?by=gpu&format=csv'), limits: { memoryMb: 550 } },
  {
    endpoint: METRICS,
    use: 'ten plots of all GPUs at once',
    limits: { memoryMb: 550 },
    run: (url) => atOnce(10, () => get(url, `${BIG}/metrics?by=gpu&max_points=200`)),
  },
];

const PAGE_PATHS = [
  ...['/', '/jobs', '/jobs/:jobId', '/arrays/:arrayId', '/queue', '/clusters'],
  ...['/nodes', '/nodes/:node', '/usage', '/efficiency', '/users/:user', '/accounts/:account'],
];

const LIST = 'GET /v1/jobs';
const list = (use: string, query: string) => read(LIST, use, `/v1/jobs?${query}`);
const names = (letter: string) =>
  Array.from({ length: 100 }, (_, number) => `${letter}${String(number).padStart(4, '0')}`).join();

const taskOf = (task: number) => ({
  ...{ id: `array-${task}`, user: 'alice', nodes: ['n0001'], state: 'completed' },
  ...{ start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-01T01:00:00Z' },
  ...{ array_job_id: 'array', array_task_id: task },
});

/** Uses of the lists, on 1,000,000 jobs. */
export const LISTS: readonly Case[] = [
  read('GET /v1/overview', 'of 1,000,000 jobs', '/v1/overview'),
  read('GET /v1/overview/history', 'of 90 days', '/v1/overview/history?since=2020-01-01T00:00:00Z'),
  read('GET /v1/queue', 'of 1,000,000 jobs', '/v1/queue'),
  {
    endpoint: 'GET /v1/arrays/:arrayId',
    use: '10,000 tasks',
    async run(url) {
      await send(url, 'POST /v1/jobs/batch', {
        jobs: Array.from({ length: 10_000 }, (_, task) => taskOf(task)),
      });
      return atOnce(5, () => get(url, '/v1/arrays/array'));
    },
  },
  read('GET /v1/names', 'users of 1,000,000 jobs', '/v1/names?kind=user&prefix=u'),
  read('GET /v1/nodes', 'with 2,000 running jobs', '/v1/nodes'),
  read('GET /v1/nodes/:node', 'with thousands of jobs', '/v1/nodes/n0001'),
  {
    endpoint: 'GET /v1/nodes/:node',
    use: '50 at once',
    run: (url) => atOnce(50, (number) => get(url, `/v1/nodes/n00${10 + number}`)),
  },
  read(
    'GET /v1/nodes/:node/usage',
    'over all of its past',
    '/v1/nodes/n0001/usage?start_time=2020-01-01&columns=300',
  ),
  read('GET /v1/usage', 'a year by user', '/v1/usage?since=2025-01-01&limit=10000'),
  read('GET /v1/usage', 'ten years of a partition by user', '/v1/usage?since=2016-01-01&partition=debug'),
  read('GET /v1/waste', 'ten years by user', '/v1/waste?since=2016-01-01&limit=10000'),
  read('GET /v1/waste', 'ten years by node', '/v1/waste?since=2016-01-01&group_by=node&limit=10000'),
  read('GET /v1/clusters', 'without peers', '/v1/clusters'),
  read(
    'GET /v1/clusters/jobs',
    'a page of 1,000, sorted by CPU',
    '/v1/clusters/jobs?limit=1000&sort=cpu_usage',
  ),
  read('GET /v1/users/:user', 'of 1,000', '/v1/users/u0001'),
  read('GET /v1/users/:user/card', 'of 1,000', '/v1/users/u0001/card'),
  read('GET /v1/accounts/:account', 'of all jobs', '/v1/accounts/physics'),
  list('a page of 10,000', 'limit=10000'),
  list('500,000 skipped', 'offset=500000'),
  list('500,000 skipped in one state', 'state=completed&offset=500000'),
  list('a text that nothing has', 'q=zzzz'),
  list('a text that everything has', 'q=1'),
  list('an account that few have', 'account=physics'),
  list('a partition that few have', 'partition=debug&state=completed'),
  list('sorted by CPU', 'sort=cpu_usage'),
  list('sorted by memory, a page of 10,000', 'sort=memory_usage&limit=10000'),
  list('sorted by runtime', 'sort=runtime&order=asc'),
  list('long ones since', 'since=2023-01-01&min_runtime=3d'),
  list('idle ones by their usage', 'min_cpus=1&max_cpu_usage=5'),
  list('a state of Slurm', 'raw_state=timeout'),
  list('a list of all nodes', 'node=n%5B0000-1999%5D'),
  list('sorted by wait', 'sort=wait'),
  list('100 users', `user=${names('u')}&limit=10000`),
  list('100 nodes', `node=${names('n')}&limit=10000`),
  list('100 users, all states but one', `user=${names('u')}&state=running,pending,failed,cancelled`),
  list('all of it as CSV', 'format=csv&limit=300000'),
  {
    endpoint: LIST,
    use: '40 scans at once',
    // Each new list has its first 4 ms at once, because most are done by then.
    limits: { waitMs: 200 },
    run: (url) => atOnce(40, (number) => get(url, `/v1/jobs?q=zz${number}`)),
  },
  {
    endpoint: LIST,
    use: '40 scans that nobody waits for',
    run: (url) => atOnce(40, (number) => askAndLeave(url, `/v1/jobs?q=zz${number}`, 100)),
  },
  {
    endpoint: LIST,
    use: '100 downloads that nobody reads',
    run: (url) => atOnce(100, () => askAndLeave(url, '/v1/jobs?format=csv', 1000)),
  },
];

/** Nodes are shared for five seconds; the next one who asks has them gathered. */
const SHARED_MS = 5100;

async function askManyNodes(url: string): Promise<void> {
  const report = { version: '1', interval_seconds: 15, jobs: 1, cpus: 64, job_cpus_used: 8 };
  for (let from = 0; from < 10_000; from += 50) {
    await atOnce(50, (number) => {
      const body = { report: { ...report, node: `n${from + number}`, timestamp: new Date().toISOString() } };
      return send(url, 'POST /v1/samples', body);
    });
  }
  for (let round = 0; round < 3; round++) {
    await get(url, '/v1/nodes', { 'accept-encoding': 'gzip' });
    await Bun.sleep(SHARED_MS);
  }
}

/** Uses of what is left, on any service. */
export const OTHERS: readonly Case[] = [
  {
    endpoint: 'GET /metrics',
    use: '100 clients that read nothing',
    run: (url) => atOnce(100, () => askAndLeave(url, '/metrics', 1000)),
  },
  {
    endpoint: 'GET /metrics',
    use: '20 packed ones at once',
    run: (url) => atOnce(20, () => get(url, '/metrics', { 'accept-encoding': 'gzip' })),
  },
  {
    endpoint: 'GET /v1/health',
    use: '500 at once',
    limits: OF_500,
    run: (url) => atOnce(500, () => get(url, '/v1/health')),
  },
  {
    endpoint: 'GET /v1/whoami',
    use: '500 at once',
    limits: OF_500,
    run: (url) => atOnce(500, () => get(url, '/v1/whoami')),
  },
  {
    endpoint: 'GET /v1/sign-in/:secret',
    use: '500 guesses at once',
    limits: OF_500,
    run: (url) => atOnce(500, (number) => get(url, `/v1/sign-in/hpos_${number}`)),
  },
  read('GET /v1/notices', 'of nobody', '/v1/notices?limit=1000'),
  read('GET /v1/policies', 'without policies', '/v1/policies?limit=1000'),
  {
    endpoint: 'GET /v1/digest/:link',
    use: '500 guesses at once',
    limits: OF_500,
    run: (url) => atOnce(500, (number) => get(url, `/v1/digest/YWxpY2U.${number}`)),
  },
  {
    endpoint: 'GET /v1/tokens',
    use: '50 at once',
    run: (url) => atOnce(50, () => get(url, '/v1/tokens')),
  },
  {
    endpoint: 'GET /v1/audit',
    use: '50 pages of 1,000 at once',
    run: (url) => atOnce(50, () => get(url, '/v1/audit?limit=1000')),
  },
  { endpoint: 'GET /v1/nodes', use: '50 at once', run: (url) => atOnce(50, () => get(url, '/v1/nodes')) },
  {
    endpoint: 'GET /v1/live',
    use: '500 that read nothing',
    limits: OF_500,
    run: (url) => atOnce(500, () => askAndLeave(url, '/v1/live', 3000)),
  },
  ...PAGE_PATHS.map((path) => ({
    endpoint: `GET ${path}`,
    use: '50 at once',
    run: (url: string) => atOnce(50, () => get(url, path.replace(/:\w+/, 'x'))),
  })),
  {
    endpoint: 'GET /web/:file',
    use: '50 at once, packed',
    run: (url) => atOnce(50, async () => get(url, await scriptOf(url), { 'accept-encoding': 'gzip' })),
  },
  { endpoint: 'GET /swagger', use: '50 at once', run: (url) => atOnce(50, () => get(url, '/swagger')) },
  {
    endpoint: 'GET /swagger/json',
    use: '50 at once',
    run: (url) => atOnce(50, () => get(url, '/swagger/json')),
  },
  {
    endpoint: 'GET /swagger/ui.js',
    use: '50 at once',
    run: (url) => atOnce(50, () => get(url, '/swagger/ui.js')),
  },
  {
    endpoint: 'GET /swagger/ui.css',
    use: '50 at once',
    run: (url) => atOnce(50, () => get(url, '/swagger/ui.css')),
  },
];

/** Reads of 10,000 nodes that report, whose families are in every later scrape. */
export const REPORTED: readonly Case[] = [
  {
    endpoint: 'GET /v1/nodes',
    use: 'of 10,000 nodes that report',
    limits: { waitMs: 200 },
    run: askManyNodes,
  },
];
