import { expect, test } from 'bun:test';
import { compileCheck } from '../../../src/api/check.ts';
import { JobSummaryAnswer, readSummary } from '../../../src/api/summary.ts';
import { pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const AT = ['2026-01-20T11:00:00Z', '2026-01-20T11:01:40Z'];
const row = (at: number, fields: object) => ({
  ...{ job_id: 'a', timestamp: AT[at], cpu_usage: 50, memory_usage_mb: 10 },
  ...fields,
});

test('a summary has memory, CPU time, I/O, kills, energy and GPUs, of the job and by node', async () => {
  await using service = await startService();
  const { send } = service;
  await service.store.createJobs([
    pastJob('a', { nodes: ['n1', 'n2'], startTimeMs: NOON_MS - 2 * 3_600_000 }),
  ]);
  const gpu = (percent: number) => ({
    gpu: 'GPU-1',
    gpu_utilization_percent: percent,
    gpu_memory_used_bytes: 5,
  });
  const samples = [
    row(0, { cpu_seconds: 0, memory_oom_kills: 0, io_read_bytes: 1, gpus: [gpu(0)] }),
    row(1, {
      ...{
        cpu_seconds: 80,
        cpu_throttled_seconds: 2,
        memory_oom_kills: 1,
        io_read_bytes: 9,
        io_written_bytes: 3,
      },
      ...{
        memory_current_bytes: 30,
        memory_anonymous_bytes: 20,
        memory_peak_bytes: 40,
        memory_limit_bytes: 50,
      },
      ...{ cpu_energy_joules: 700, cpu_idle_energy_joules: 70, cpu_power_seconds: 50 },
      gpus: [gpu(60)],
    }),
    row(1, { node: 'n2', cpu_seconds: 20 }),
  ];
  expect((await send('POST', '/v1/samples', { samples })).json).toMatchObject({ stored: 3 });
  const { json } = await send('GET', '/v1/jobs/a/summary');
  const measured = {
    cpu_throttled_seconds: 2,
    memory_current_bytes: { mean: 30, max: 30 },
    memory_anonymous_bytes: { mean: 20, max: 20 },
    memory_peak_bytes: 40,
    memory_limit_bytes: 50,
    memory_oom_kills: 1,
    io_read_bytes: 9,
    io_written_bytes: 3,
    energy: [{ method: 'cpu_share', joules: 700, idle_joules: 70, coverage: 0.5 }],
    gpu_count: 1,
    gpu_idle_share: 0.5,
  };
  expect(json).toMatchObject({ ...measured, cpu_seconds: 100 });
  expect(json).not.toHaveProperty('gpus');
  const usage = { cpu_usage: { mean: 50, max: 50 }, memory_usage_mb: { mean: 10, max: 10 } };
  expect(json.nodes).toEqual([
    {
      ...{ node: 'n1', samples: 2, observed_seconds: 100, ...usage, cpu_seconds: 80, ...measured },
      gpus: [
        {
          gpu: 'GPU-1',
          utilization_percent: { mean: 30, max: 60 },
          idle_share: 0.5,
          memory_used_bytes: { mean: 5, max: 5 },
        },
      ],
    },
    { node: 'n2', samples: 1, observed_seconds: 0, ...usage, cpu_seconds: 20 },
  ]);
  const check = compileCheck(JobSummaryAnswer);
  expect(check.accepts(json), check.explain(json)).toBe(true);
  expect(readSummary(json)).toEqual(await service.store.summarizeJob('a'));
  const { runs } = (await send('GET', '/v1/jobs/a/runs')).json;
  expect({ job_id: 'a', ...runs[0].summary }).toEqual(json);
});
