import { expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { addLoopMetrics } from '../../src/metrics/loops.ts';
import { processMetrics } from '../../src/metrics/process.ts';
import { serviceMetrics } from '../../src/metrics/service.ts';
import { testWith } from '../help/tool.ts';
import { startCluster } from './cluster.ts';

const FIXTURE = resolve(import.meta.dir, '../fixtures/service-metrics.txt');

function observed() {
  const service = serviceMetrics({
    version: '1.0.0',
    storeStatus: () => ({
      queueLength: 3,
      unsealedSamples: 1500,
      sealUrgency: 0,
      refusedUnsealed: 6,
      databaseBytes: 4096,
      setAside: 2,
    }),
    isWriter: () => true,
  });
  addLoopMetrics(service.registry, new Map([['retention', () => ({ runs: 7, failures: 2 })]]));
  service.observeRequest('GET', '/v1/jobs/:jobId', 200, 0.003);
  service.observeRequest('POST', 'unknown', 404, 0.2);
  service.observeCommit({ writes: 20, rows: 20, seconds: 0.004, failed: false });
  service.observeCommit({ writes: 5, rows: 5, seconds: 0.1, failed: true });
  service.observeCommit({ writes: 1, rows: 0, seconds: 9, failed: false });
  return service;
}

const render = async ({ registry }: ReturnType<typeof serviceMetrics>) =>
  (await registry.metrics()) + (await processMetrics().metrics());

const readSeries = (text: string, series: string) =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);

test('the service’s own families keep their names, types and labels', async () => {
  const masked = (await render(observed()))
    .split('\n')
    .map((line) =>
      line.startsWith('#') ? line : line.replace(/ \S+$/, ' N').replace(/bun="[^"]+"/, 'bun="B"'),
    )
    .join('\n');
  expect(masked).toBe(await Bun.file(FIXTURE).text());
});

const VALUES: [series: string, value: string | undefined][] = [
  ['hpc_observe_http_request_seconds_count{method="GET",route="/v1/jobs/:jobId",status="200"}', '1'],
  ['hpc_observe_http_request_seconds_sum{method="GET",route="/v1/jobs/:jobId",status="200"}', '0.003'],
  ['hpc_observe_http_request_seconds_count{method="POST",route="unknown",status="404"}', '1'],
  ['hpc_observe_commits_total{result="committed"}', '2'],
  ['hpc_observe_commits_total{result="failed"}', '1'],
  ['hpc_observe_commit_rows_sum', '25'],
  ['hpc_observe_commit_rows_count', '2'],
  ['hpc_observe_commit_seconds_count', '3'],
  ['hpc_observe_queue_length', '3'],
  ['hpc_observe_unsealed_samples', '1500'],
  ['hpc_observe_unsealed_refusals_total', '6'],
  ['hpc_observe_loop_runs_total{loop="retention"}', '7'],
  ['hpc_observe_loop_failures_total{loop="retention"}', '2'],
  ['hpc_observe_database_bytes', '4096'],
  [`hpc_observe_build_info{version="1.0.0",bun="${Bun.version}"}`, '1'],
];
test.each(VALUES)('%s is %p', async (series, value) => {
  expect(readSeries(await render(observed()), series)).toBe(value);
});

test('commits are 0 before anything has happened', async () => {
  const text = await render(
    serviceMetrics({ version: '1.0.0', storeStatus: () => undefined, isWriter: () => false }),
  );
  expect(readSeries(text, 'hpc_observe_commits_total{result="committed"}')).toBe('0');
  expect(readSeries(text, 'hpc_observe_commits_total{result="failed"}')).toBe('0');
});

/** What promtool finds in a text, a line each. */
async function lint(text: string): Promise<string[]> {
  const child = Bun.spawn(['promtool', 'check', 'metrics'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  child.stdin.write(text);
  await child.stdin.end();
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const exitCode = await child.exited;
  const lines = `${out}${err}`.split('\n').filter((line) => line !== '');
  return exitCode === 0 || lines.length > 0 ? lines : [`promtool ended with ${exitCode}`];
}

testWith(['promtool'])(
  'promtool finds nothing but the name that the API reference gives a gauge',
  async () => {
    await using cluster = await startCluster();
    const text = (await cluster.send('GET', '/metrics')).text + (await render(observed()));
    expect(await lint(text)).toEqual([
      'hpc_job_state_total non-counter metrics should not have "_total" suffix',
    ]);
    expect(await lint('x{a="b} 1\n')).toEqual([expect.stringContaining('error while linting')]);
  },
);
