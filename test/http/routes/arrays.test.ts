import { expect, test } from 'bun:test';
import type { ArrayAnswer } from '../../../src/api/array.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { startService } from '../../help/service.ts';

type Service = Awaited<ReturnType<typeof startService>>;

const arrayOf = async (service: Service, id: string) =>
  (await service.send('GET', `/v1/arrays/${encodeURIComponent(id)}`)).json as ArrayAnswer;

test('an array is answered as one thing, with its tasks in columns', async () => {
  await using service = await startService();
  const nowMs = service.clock.now();
  const task = (id: string, number: number | undefined, fields: object) =>
    pastJob(id, {
      details: {
        ...{ arrayJobId: '4/7', name: 'sweep', partition: 'cpu', memoryLimitMb: 2000 },
        ...(number !== undefined && { arrayTaskId: number }),
      },
      ...fields,
    });
  const started = { startTimeMs: nowMs - 600_000 };
  await service.store.createJobs([
    task('1', 1, { ...started, state: 'completed', endTimeMs: nowMs - 300_000 }),
    task('2', 2, { ...started, state: 'failed', endTimeMs: nowMs - 540_000 }),
    task('3', 3, started),
    task('4', undefined, { state: 'pending' }),
  ]);
  await service.store.recordSample('3', sample(0, { cpuUsage: 33.333333, memoryUsageMb: 1500 }));
  const array = await arrayOf(service, '4/7');
  expect(array).toMatchObject({
    ...{ array_job_id: '4/7', user: 'alice', name: 'sweep', partition: 'cpu', memory_limit_mb: 2000 },
    ...{ task_count: 4, has_waiting_together: true, start_time: '2026-01-20T11:50:00.000Z' },
    runtime_seconds: { count: 2, min: 60, max: 300, bins: { low: 60, high: 300 } },
    cpu_usage: { count: 1, median: 33.333333, bins: { low: 0, high: 100 } },
    findings: {
      job_id: '4/7',
      verdict: '1 of 2 tasks that ended failed: ended without a reason that is known.',
      findings: [{ kind: 'array-failed', jobs: ['2'], action: '--array=2, once the reason is mended.' }],
    },
    outliers: [
      { kind: 'failed', tasks: [{ job_id: '2', task_id: 2 }] },
      { kind: 'slowest', tasks: [{ job_id: '3' }, { job_id: '1' }, { job_id: '2' }] },
      { kind: 'memory', tasks: [{ job_id: '3', memory_peak_mb: 1500, memory_limit_mb: 2000 }] },
      { kind: 'cpu', tasks: [{ job_id: '3' }] },
    ],
    tasks: {
      job_id: ['4', '1', '2', '3'],
      task_id: [null, 1, 2, 3],
      state: ['pending', 'completed', 'failed', 'running'],
      runtime_seconds: [null, 300, 60, 600],
      cpu_usage: [null, null, null, 33.3],
      memory_peak_mb: [null, null, null, 1500],
      gpu_usage: [null, null, null, null],
    },
  });
  expect(array.end_time).toBeUndefined();
  expect(array.is_partial).toBeUndefined();
});

test('an array of many tasks is answered whole', async () => {
  await using service = await startService();
  await service.store.createJobs(
    Array.from({ length: 5000 }, (_, index) =>
      pastJob(String(index), { details: { arrayJobId: '9', arrayTaskId: index } }),
    ),
  );
  const { task_count, tasks } = await arrayOf(service, '9');
  expect(task_count).toBe(5000);
  for (const column of Object.values(tasks)) expect(column).toHaveLength(5000);
  expect(tasks.task_id).toEqual(Array.from({ length: 5000 }, (_, index) => index));
});

test('an unknown array is not found', async () => {
  await using service = await startService();
  const { status, json } = await service.send('GET', '/v1/arrays/4711');
  expect([status, json]).toEqual([
    404,
    { error: 'not_found', message: 'There is no array with the id "4711".' },
  ]);
});
