import { expect, test } from 'bun:test';
import type { ReceivedReport } from '../../src/domain/node-report.ts';
import { joinPieces } from '../../src/metrics/exposition.ts';
import { NODE_FAMILIES, renderNodes } from '../../src/metrics/nodes.ts';
import { NOON_MS } from '../help/clock.ts';
import { nodeReport } from '../help/node-report.ts';
import { testWith } from '../help/tool.ts';

/** The series of reports in pages of one; comments are left out. */
async function render(reports: readonly ReceivedReport[], { nowMs = NOON_MS + 1000, maxSeries = 1000 } = {}) {
  async function* nodeReports() {
    for (const report of reports) yield [report];
  }
  const text = new TextDecoder().decode(
    await joinPieces(await renderNodes({ nodeReports }, { nowMs, maxSeries })),
  );
  return { text, series: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')) };
}

const received = (
  fields: Parameters<typeof nodeReport>[0] = {},
  receivedMs = NOON_MS + 250,
): ReceivedReport => ({
  report: nodeReport(fields),
  receivedMs,
});

const WHOLE = `hpc_agent_last_report_timestamp_seconds{node="n1"} ${(NOON_MS + 250) / 1000}
hpc_agent_info{node="n1",version="1.2.3"} 1
hpc_agent_clock_difference_seconds{node="n1"} 0.25
hpc_node_cpus{node="n1"} 64
hpc_node_cpu_seconds_total{node="n1"} 1234.5
hpc_node_memory_bytes{node="n1"} 549755813888
hpc_node_memory_available_bytes{node="n1"} 274877906944
hpc_node_load1{node="n1"} 3.25
hpc_node_jobs{node="n1"} 2
hpc_node_job_cpus_used{node="n1"} 2.5
hpc_node_job_memory_bytes{node="n1"} 1073741824
hpc_agent_interval_seconds{node="n1"} 15
hpc_node_gpu_utilization_percent{node="n1",gpu="GPU-1",model="NVIDIA H200"} 0
hpc_node_gpu_memory_used_bytes{node="n1",gpu="GPU-1",model="NVIDIA H200"} 1024
hpc_node_gpu_memory_bytes{node="n1",gpu="GPU-1",model="NVIDIA H200"} 137438953472
hpc_node_gpu_power_watts{node="n1",gpu="GPU-1",model="NVIDIA H200"} 75.5
hpc_node_gpu_temperature_celsius{node="n1",gpu="GPU-1",model="NVIDIA H200"} 30
hpc_agent_collector_success{node="n1",collector="cpu"} 1
hpc_agent_collector_success{node="n1",collector="nvidia"} 0
hpc_observe_metrics_node_series_dropped 0`;

test('everything that a node reported is shown, and a GPU without values has no series', async () => {
  expect((await render([received()])).series.join('\n')).toBe(WHOLE);
});

test('what a node did not measure has no series', async () => {
  const { series } = await render([received({ values: {}, gpus: [], collectors: [] })]);
  expect(series.map((line) => line.replace(/[{ ].*/, ''))).toEqual([
    'hpc_agent_last_report_timestamp_seconds',
    'hpc_agent_info',
    'hpc_agent_clock_difference_seconds',
    'hpc_node_jobs',
    'hpc_agent_interval_seconds',
    'hpc_observe_metrics_node_series_dropped',
  ]);
});

test('the values of a silent node vanish, and the time of its last report stays', async () => {
  const nowMs = NOON_MS + 250 + 5 * 60_000;
  expect((await render([received()], { nowMs })).series).toHaveLength(20);
  expect((await render([received()], { nowMs: nowMs + 1 })).series).toEqual([
    `hpc_agent_last_report_timestamp_seconds{node="n1"} ${(NOON_MS + 250) / 1000}`,
    'hpc_observe_metrics_node_series_dropped 0',
  ]);
});

test('each family is in one piece under its own lines, however many pages there are', async () => {
  const { text } = await render([received(), received({ node: 'n2' })]);
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!] as const);
  expect(names).toEqual(NODE_FAMILIES.map(({ name, type }) => [name, type]));
  const order = text.split('\n').flatMap((line) => /^[a-z_0-9]+(?=[{ ])/.exec(line)?.[0] ?? []);
  expect([...new Set(order)]).toEqual(order.filter((name, at) => order[at - 1] !== name));
  expect(order.filter((name) => name === 'hpc_node_load1')).toHaveLength(2);
});

test('names of nodes, models and versions are escaped', async () => {
  const { text } = await render([
    received({ node: 'a"b\\', version: 'v"', gpus: [{ gpu: 'g"', model: 'm\\', powerWatts: 1 }] }),
  ]);
  expect(text).toContain('hpc_agent_info{node="a\\"b\\\\",version="v\\""} 1\n');
  expect(text).toContain('hpc_node_gpu_power_watts{node="a\\"b\\\\",gpu="g\\"",model="m\\\\"} 1\n');
});

test('beyond the limit whole nodes are left out, in the order of their names, and counted', async () => {
  const small = { values: {}, gpus: [], collectors: [] };
  const reports = [received(), received({ node: 'n2' }), received({ node: 'n3', ...small })];
  const { series } = await render(reports, { maxSeries: 30 });
  expect(series).toEqual([...WHOLE.split('\n').slice(0, -1), 'hpc_observe_metrics_node_series_dropped 24']);
  expect((await render(reports, { maxSeries: 43 })).series).toHaveLength(44);
  expect((await render(reports, { maxSeries: 0 })).series).toEqual([
    'hpc_observe_metrics_node_series_dropped 43',
  ]);
});

testWith(['promtool'])('promtool finds nothing in the families of nodes', async () => {
  const child = Bun.spawn(['promtool', 'check', 'metrics'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  child.stdin.write((await render([received(), received({ node: 'n2' })])).text);
  await child.stdin.end();
  const said = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  expect([await child.exited, said]).toEqual([0, '']);
});
