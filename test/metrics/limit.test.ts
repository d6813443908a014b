import { expect, test } from 'bun:test';
import { NOON_MS } from '../help/clock.ts';
import { startService } from '../help/service.ts';

/** For each job id, the nodes that report and how many values each has beside the runtime. */
type Cluster = Record<string, [nodes: number, values: 0 | 2 | 3]>;

async function scrape(maxSeries: number, cluster: Cluster) {
  await using service = await startService({ maxSeries });
  const { store, send } = service;
  const nodesOf = (count: number) => Array.from({ length: count }, (_, node) => `n${node}`);
  await store.createJobs(
    Object.entries(cluster).map(([id, [nodes]]) => ({
      id,
      user: 'alice',
      nodes: nodesOf(nodes),
      state: 'running',
      startTimeMs: NOON_MS,
    })),
  );
  const usage = { cpuUsage: 1, memoryUsageMb: 1, timeMs: NOON_MS, stamped: true };
  await store.recordSamples(
    Object.entries(cluster).flatMap(([jobId, [nodes, values]]) =>
      values === 0
        ? []
        : nodesOf(nodes).map((node) => ({ jobId, node, ...usage, ...(values === 3 && { gpuUsage: 1 }) })),
    ),
  );
  const { text } = await send('GET', '/metrics');
  const series: Record<string, number> = {};
  for (const [, id] of text.matchAll(/\{job_id="([^"]+)"/g)) series[id!] = (series[id!] ?? 0) + 1;
  const dropped = Number(/^hpc_observe_metrics_series_dropped (\d+)$/m.exec(text)?.[1]);
  return { series, dropped, text };
}

const CLUSTER: Cluster = { small: [1, 3], large: [3, 3], middle: [2, 2], silent: [5, 0], last: [1, 3] };
const ROWS: [maxSeries: number, series: Record<string, number>, dropped: number][] = [
  [27, { small: 4, large: 12, middle: 6, silent: 1, last: 4 }, 0],
  [26, { small: 4, large: 12, middle: 6, silent: 1 }, 4],
  [23, { small: 4, large: 12, middle: 6, silent: 1 }, 4],
  [22, { small: 4, large: 12, middle: 6 }, 5],
  [21, { large: 12, middle: 6 }, 9],
  [18, { large: 12, middle: 6 }, 9],
  [17, { large: 12 }, 15],
  [12, { large: 12 }, 15],
  [11, { middle: 6, small: 4, silent: 1 }, 16],
  [0, {}, 27],
];
test.each(ROWS)('with room for %d series there are %j, and %d are left out', async (max, series, dropped) => {
  const found = await scrape(max, CLUSTER);
  expect([found.series, found.dropped]).toEqual([series, dropped]);
});

test('what is left out leaves the rest of the page as it was', async () => {
  const all = await scrape(1000, CLUSTER);
  const some = await scrape(23, CLUSTER);
  const without = all.text
    .split('\n')
    .filter((line) => !line.includes('job_id="last"'))
    .join('\n');
  expect(some.text).toBe(without.replace('_dropped 0', '_dropped 4'));
});

test('more jobs than a page of rows are counted and cut together', async () => {
  const jobs = Object.fromEntries(
    Array.from({ length: 1300 }, (_, index): [string, [number, 0 | 2 | 3]] => [
      `job-${index}`,
      [index === 1299 ? 2 : 1, 2],
    ]),
  );
  const { series, dropped } = await scrape(3600, jobs);
  expect(dropped).toBe(1301 * 3 - 3600);
  expect(series['job-1299']).toBe(6);
  expect(Object.keys(series)).toHaveLength(1199);
  expect(series['job-1197']).toBe(3);
  expect(series['job-1198']).toBeUndefined();
});

test('what is known of a job beside its usage is one series, counted and cut with the others', async () => {
  const scrapeInfo = async (maxSeries: number) => {
    await using service = await startService({ maxSeries });
    const { store, send } = service;
    const job = { user: 'alice', state: 'running', startTimeMs: NOON_MS } as const;
    await store.createJobs([
      { ...job, id: 'a', nodes: ['n1', 'n2'], details: { account: 'physics "2"', partition: 'gpu' } },
      { ...job, id: 'b', nodes: ['n1'] },
      { ...job, id: 'c', nodes: ['n1'], details: { partition: 'cpu' } },
    ]);
    const usage = { cpuUsage: 1, memoryUsageMb: 1, timeMs: NOON_MS, stamped: true };
    await store.recordSamples(['n1', 'n2'].map((node) => ({ jobId: 'a', node, ...usage })));
    const { text } = await send('GET', '/metrics');
    return text.match(/^hpc_job_info\{.*|^hpc_observe_metrics_series_dropped .*/gm);
  };
  const a = 'hpc_job_info{job_id="a",user="alice",account="physics \\"2\\"",partition="gpu"} 1';
  const c = 'hpc_job_info{job_id="c",user="alice",account="",partition="cpu"} 1';
  expect(await scrapeInfo(10)).toEqual([a, c, 'hpc_observe_metrics_series_dropped 0']);
  expect(await scrapeInfo(9)).toEqual([a, 'hpc_observe_metrics_series_dropped 2']);
  // The two nodes of a have six series, and it is one more itself.
  expect(await scrapeInfo(6)).toEqual([c, 'hpc_observe_metrics_series_dropped 7']);
});
