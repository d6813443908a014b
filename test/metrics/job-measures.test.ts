import { expect, test } from 'bun:test';
import { MEASURE_FAMILIES } from '../../src/metrics/job-measures.ts';
import { pastJob } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { startService } from '../help/service.ts';
import { testWith } from '../help/tool.ts';
import { recordWide } from '../help/wide-rows.ts';

/** A job with everything that an agent measures, and one without. */
async function startMeasured({ maxSeries = 1000 } = {}) {
  const service = await startService({ maxSeries });
  const { store } = service;
  const nodes = ['n"1', 'n2'];
  await store.applyReports([
    {
      ...{ source: 'squeue', observedMs: NOON_MS, id: 'wide', user: 'alice', state: 'running' },
      ...{ startTimeMs: NOON_MS, nodes, timeLimitSeconds: 7200 },
      allocations: [{ node: nodes[0]!, gpuIds: ['0', '1'] }],
    },
  ]);
  await store.createJobs([pastJob('plain')]);
  await recordWide(store, 'plain', [{ minute: 0 }]);
  await recordWide(store, 'wide', [
    {
      minute: 0,
      values: {
        ...{ cpu_seconds: 12.5, cpus_allocated: 4, memory_anonymous_bytes: 100, memory_peak_bytes: 300 },
        ...{ memory_limit_bytes: 400, memory_oom_kills: 0, io_reads: 9 },
      },
      gpus: {
        'GPU-a': {
          ...{ gpu_utilization_percent: 0, gpu_memory_used_bytes: 1, gpu_memory_total_bytes: 2 },
          ...{ gpu_power_watts: 70.5, gpu_temperature_celsius: 30 },
        },
        'GPU-"b"': { gpu_memory_used_bytes: 3 },
      },
    },
    { minute: 0, node: 'n2', values: { cpu_seconds: 1 } },
  ]);
  const { text } = await service.send('GET', '/metrics');
  const names = MEASURE_FAMILIES.map(({ name }) => name);
  const series = text.split('\n').filter((line) => names.some((name) => line.startsWith(`${name}{`)));
  return { text, series, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

const N1 = 'job_id="wide",node="n\\"1",user="alice"';
const N2 = 'job_id="wide",node="n2",user="alice"';
const SERIES = `hpc_job_cpu_seconds_total{${N1}} 12.5
hpc_job_cpu_seconds_total{${N2}} 1
hpc_job_cpus_allocated{${N1}} 4
hpc_job_memory_rss_bytes{${N1}} 100
hpc_job_memory_peak_bytes{${N1}} 300
hpc_job_memory_limit_bytes{${N1}} 400
hpc_job_oom_kills_total{${N1}} 0
hpc_job_gpu_device_utilization_percent{${N1},gpu="GPU-a"} 0
hpc_job_gpu_device_memory_used_bytes{${N1},gpu="GPU-a"} 1
hpc_job_gpu_device_memory_used_bytes{${N1},gpu="GPU-\\"b\\""} 3
hpc_job_gpu_device_memory_total_bytes{${N1},gpu="GPU-a"} 2
hpc_job_gpu_device_power_watts{${N1},gpu="GPU-a"} 70.5
hpc_job_gpu_device_temperature_celsius{${N1},gpu="GPU-a"} 30
hpc_job_gpus_allocated{${N1}} 2
hpc_job_time_limit_seconds{${N1}} 7200
hpc_job_time_limit_seconds{${N2}} 7200`;

test('the newest measures of each node and GPU are shown, and what was not measured has no series', async () => {
  await using measured = await startMeasured();
  expect(measured.series.join('\n')).toBe(SERIES);
});

test('without measures there are no families of them, and with some those that have a series', async () => {
  await using service = await startService();
  await service.store.createJobs([pastJob('a')]);
  const text = async () => (await service.send('GET', '/metrics')).text;
  const families = (all: string) =>
    MEASURE_FAMILIES.filter(({ name }) => all.includes(`# TYPE ${name} `)).map(({ name }) => name);
  expect(families(await text())).toEqual([]);
  await recordWide(service.store, 'a', [{ minute: 0, values: { cpu_seconds: 1 } }]);
  expect(families(await text())).toEqual(['hpc_job_cpu_seconds_total']);
});

test('measures count against --metrics-max-series together with the other series of their job', async () => {
  // The wide job has 16 of these, 2 runtimes, and CPU and memory twice; the plain one 3.
  await using all = await startMeasured({ maxSeries: 25 });
  expect(all.series).toHaveLength(16);
  expect(all.text).toContain('hpc_observe_metrics_series_dropped 0\n');
  await using some = await startMeasured({ maxSeries: 24 });
  expect(some.series).toHaveLength(16);
  expect(some.text).toContain('hpc_observe_metrics_series_dropped 3\n');
  await using few = await startMeasured({ maxSeries: 21 });
  expect(few.series).toEqual([]);
  expect(few.text).toContain('job_id="plain"');
  expect(few.text).toContain('hpc_observe_metrics_series_dropped 22\n');
});

testWith(['promtool'])('promtool finds nothing in the families of measures', async () => {
  await using measured = await startMeasured();
  const child = Bun.spawn(['promtool', 'check', 'metrics'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  child.stdin.write(measured.text);
  await child.stdin.end();
  const said = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  // The name of this one is fixed by the API reference.
  expect(said.trim().split('\n')).toEqual([
    'hpc_job_state_total non-counter metrics should not have "_total" suffix',
  ]);
});
