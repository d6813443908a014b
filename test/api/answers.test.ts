import { afterAll, beforeAll, expect, test } from 'bun:test';
import { compileCheck } from '../../src/api/check.ts';
import { ErrorAnswer } from '../../src/api/error.ts';
import type { Schema } from '../../src/api/field.ts';
import { HealthAnswer } from '../../src/api/health.ts';
import { JOB_COLUMNS, JobAnswer } from '../../src/api/job.ts';
import { EventListAnswer } from '../../src/api/job-event.ts';
import { JobListAnswer } from '../../src/api/job-list.ts';
import { ReadingRow, sampleColumns } from '../../src/api/reading.ts';
import { RunListAnswer } from '../../src/api/run.ts';
import { SampleRow } from '../../src/api/sample.ts';
import { ReadingListAnswer, SampleListAnswer } from '../../src/api/sample-list.ts';
import { JobSummaryAnswer } from '../../src/api/summary.ts';
import { GPU_FIELDS, USAGE_FIELDS } from '../../src/domain/reading-fields.ts';
import { MINUTE_MS } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { type MeasuredSample, measuresOf } from '../help/measured-batch.ts';
import { startService } from '../help/service.ts';

let service: Awaited<ReturnType<typeof startService>>;

/** A service with jobs in several states, runs, events, and samples on three nodes, some of them with GPU. */
beforeAll(async () => {
  service = await startService();
  const { store } = service;
  const nodes = ['n1', 'n2', 'ö"\\n3'];
  await store.createJob({ id: 'plain "\\ ö', user: 'u', nodes }, NOON_MS);
  for (const restarts of [0, 1]) {
    const startTimeMs = NOON_MS + restarts * 60 * MINUTE_MS;
    const run = {
      source: 'sacct',
      id: 'slurm',
      user: 'u',
      nodes,
      state: 'running',
      startTimeMs,
      restarts,
    } as const;
    const details = {
      name: '=x',
      cpus: 3,
      submitTimeMs: NOON_MS,
      allocations: [{ node: 'n1', gpuIds: ['0'] }],
    };
    await store.applyReports([{ ...run, ...details, observedMs: startTimeMs }]);
    const end = { state: 'failed', endTimeMs: startTimeMs + 30 * MINUTE_MS, exitCode: 1 } as const;
    await store.applyReports([{ ...run, ...end, observedMs: end.endTimeMs }]);
  }
  const samples = Array.from(
    { length: 90 },
    (_, index): MeasuredSample => ({
      sample: {
        ...{ jobId: index % 2 ? 'plain "\\ ö' : 'slurm', node: nodes[index % 3]!, stamped: false },
        ...{ timeMs: NOON_MS + (60 + index) * 20_000, cpuUsage: index / 7, memoryUsageMb: index },
        ...(index % 4 === 0 && { gpuUsage: index }),
      },
      ...(index % 5 > 0 && { measured: { threads: index } }),
      ...(index % 7 > 0 && { gpus: { 'GPU-1': { gpu_power_watts: index }, 'GPU-0': { gpu_throttled: 0 } } }),
    }),
  );
  await store.recordSamples(
    samples.map(({ sample }) => sample),
    measuresOf(samples),
  );
});

afterAll(() => service[Symbol.asyncDispose]());

function faultOf(schema: Schema, value: unknown): string {
  const check = compileCheck(schema);
  return check.accepts(value) ? '' : check.explain(value, 'The answer');
}

const PLAIN = `/v1/jobs/${encodeURIComponent('plain "\\ ö')}`;
const ANSWERS: [path: string, schema: Schema][] = [
  ['/v1/health', HealthAnswer],
  ['/v1/jobs', JobListAnswer],
  ['/v1/jobs?limit=1', JobListAnswer],
  ...[PLAIN, '/v1/jobs/slurm'].flatMap((job): [string, Schema][] => [
    [job, JobAnswer],
    [`${job}/metrics`, SampleListAnswer],
    [`${job}/metrics?limit=1`, SampleListAnswer],
    [`${job}/metrics?max_points=3`, SampleListAnswer],
    [`${job}/metrics?max_points=3&run=1`, SampleListAnswer],
    [`${job}/metrics?fields=gpu_usage,threads,gpu_power_watts`, ReadingListAnswer],
    [`${job}/metrics?fields=cpu_usage,threads&max_points=3`, ReadingListAnswer],
    [`${job}/metrics?by=gpu`, ReadingListAnswer],
    [`${job}/metrics?by=gpu&max_points=3`, ReadingListAnswer],
    [`${job}/summary`, JobSummaryAnswer],
    [`${job}/runs`, RunListAnswer],
    [`${job}/events`, EventListAnswer],
  ]),
  ['/v1/jobs/none', ErrorAnswer],
  ['/nowhere', ErrorAnswer],
];
test.each(ANSWERS)('the answer to GET %s has exactly the fields of its schema', async (path, schema) => {
  const { json } = await service.send('GET', path);
  expect(faultOf(schema, json)).toBe('');
});

test('the answers include points with GPU, several runs, and nodes in summaries', async () => {
  const get = async (path: string) => (await service.send('GET', path)).json;
  const { samples } = await get('/v1/jobs/slurm/metrics?max_points=3&run=1');
  expect(samples[0].summary).toMatchObject({ gpu_usage: { min: expect.any(Number) } });
  const { runs } = await get('/v1/jobs/slurm/runs');
  expect(runs.map(({ run }: { run: number }) => run)).toEqual([2, 1]);
  expect(runs[1].summary.nodes.length).toBe(3);
});

const SAMPLE_COLUMNS = sampleColumns(USAGE_FIELDS);
const SOME = ['threads', 'gpu_power_watts'] as const;
const ROWS: [path: string, schema: Schema, columns: readonly string[]][] = [
  ['/v1/jobs', JobAnswer, JOB_COLUMNS],
  ['/v1/jobs/slurm/metrics?run=1', SampleRow, SAMPLE_COLUMNS],
  ['/v1/jobs/slurm/metrics?max_points=3&run=1', SampleRow, SAMPLE_COLUMNS],
  [`/v1/jobs/slurm/metrics?run=1&fields=${SOME}`, ReadingRow, sampleColumns(SOME)],
  ['/v1/jobs/slurm/metrics?run=1&by=gpu', ReadingRow, sampleColumns(GPU_FIELDS, 'gpu')],
  ['/v1/jobs/slurm/metrics?run=1&by=gpu&max_points=3', ReadingRow, sampleColumns(GPU_FIELDS, 'gpu')],
];
test.each(ROWS)(
  'every row of %s has exactly the fields of its schema, and CSV their names',
  async (path, schema, columns) => {
    const ndjson = await service.send('GET', path, undefined, { accept: 'application/x-ndjson' });
    const rows = ndjson.text.trim().split('\n');
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(faultOf(schema, JSON.parse(row))).toBe('');
    const csv = await service.send('GET', path, undefined, { accept: 'text/csv' });
    expect(csv.text.split('\r\n')[0]).toBe(columns.join(','));
  },
);
