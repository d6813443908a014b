import { expect, test } from 'bun:test';
import type { Report } from '../../../src/domain/report.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const at = (minutes: number) => NOON_MS + 60_000 * minutes;
const FIRST = 's685M87SK4CK00';
const SECOND = 's685M87SKAC700';
const RUN: Report = {
  source: 'squeue',
  observedMs: at(-60),
  id: '7',
  user: 'alice',
  state: 'running',
  startTimeMs: at(-60),
  nodes: ['n1', 'n2'],
  sluid: FIRST,
};

/** Starts a service with a requeued job, which was suspended for two of its ten minutes, and other jobs. */
async function startWithSluids() {
  const service = await startService();
  await service.store.applyReports([
    RUN,
    { ...RUN, source: 'sacct', state: 'cancelled', rawState: 'REQUEUED', endTimeMs: at(-40) },
    { ...RUN, observedMs: at(-20), startTimeMs: at(-20), sluid: SECOND },
    {
      ...RUN,
      ...{ source: 'sacct', observedMs: at(-10), sluid: SECOND, suspendedSeconds: 120 },
      ...{ state: 'completed', rawState: 'COMPLETED', startTimeMs: at(-20), endTimeMs: at(-10) },
    } as const,
    { ...RUN, id: '8', sluid: 's685M87SKZZZ00' },
    { ...RUN, id: '9', sluid: undefined as never },
  ]);
  return service;
}

test('a job shows the SLUID of its latest run, each run shows its own, and suspended time is not runtime', async () => {
  await using service = await startWithSluids();
  const { json: body } = await service.send('GET', '/v1/jobs/7');
  expect(body).toMatchObject({ sluid: SECOND, suspended_seconds: 120, runtime_seconds: 480 });
  const { json: list } = await service.send('GET', '/v1/jobs/7/runs');
  expect((list as { runs: { sluid: string }[] }).runs.map(({ sluid }) => sluid)).toEqual([SECOND, FIRST]);
  const { text: csv } = await service.send('GET', '/v1/jobs?format=csv&user=alice');
  const [header, ...rows] = csv
    .trim()
    .split('\r\n')
    .map((line) => line.split(','));
  const column = header!.indexOf('sluid');
  expect(rows.map((row) => row[column]).sort()).toEqual(['', SECOND, 's685M87SKZZZ00']);
});

test.each([
  [`sluid=${SECOND}`, ['7']],
  [`sluid=${FIRST}`, ['7']],
  [`sluid=${FIRST},${SECOND}`, ['7']],
  [`sluid=${FIRST}&sluid=s685M87SKZZZ00`, ['7', '8']],
  [`sluid=${FIRST}&state=running`, []],
  [`sluid=${FIRST}&state=completed&node=n2&user=alice`, ['7']],
  [`sluid=${FIRST}&sort=runtime&order=asc`, ['7']],
  [`sluid=${FIRST}&min_runtime=9m`, []],
  [`sluid=${FIRST}&min_runtime=8m&since=2026-01-20T11:00:00Z`, ['7']],
  ['sluid=s0000000000000', []],
])('GET /v1/jobs?%s lists the jobs %j', async (query, ids) => {
  await using service = await startWithSluids();
  const { json: body } = await service.send('GET', `/v1/jobs?${query}`);
  const { jobs, total } = body as { jobs: { id: string }[]; total: number };
  expect([jobs.map(({ id }) => id).sort(), total]).toEqual([ids, ids.length]);
  const { text: lines } = await service.send('GET', `/v1/jobs?${query}&format=ndjson`);
  expect(
    lines
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).id)
      .sort(),
  ).toEqual(ids);
});

test('an empty SLUID and too many SLUIDs are refused', async () => {
  await using service = await startWithSluids();
  for (const query of ['sluid=', `sluid=${Array(101).fill(FIRST).join()}`]) {
    expect(await service.send('GET', `/v1/jobs?${query}`)).toMatchObject({ status: 400 });
  }
});

test('a hook script may name the ended run by its SLUID', async () => {
  await using service = await startWithSluids();
  await service.store.applyReports([
    { ...RUN, observedMs: at(-5), startTimeMs: at(-5), sluid: 's685M87SKB0000' },
  ]);
  const end = { job_id: '7', final_state: 'failed', exit_code: 3, sluid: 's685M87SKB0000' };
  expect(await service.send('POST', '/v1/events/job-finished', end)).toMatchObject({ status: 200 });
  expect((await service.send('GET', '/v1/jobs/7')).json).toMatchObject({ state: 'failed', exit_code: 3 });
  const late = { ...end, exit_code: 4, sluid: FIRST };
  expect(await service.send('POST', '/v1/events/job-finished', late)).toMatchObject({ status: 200 });
  expect((await service.send('GET', '/v1/jobs/7')).json).toMatchObject({ state: 'failed', exit_code: 3 });
});

test('samples may name their run by its SLUID', async () => {
  await using service = await startWithSluids();
  const sample = { cpu_usage: 50, memory_usage_mb: 100 };
  const { json } = await service.send('POST', '/v1/samples', {
    samples: [
      { ...sample, sluid: FIRST, node: 'n2', timestamp: '2026-01-20T11:45:00Z' },
      { ...sample, sluid: SECOND, timestamp: '2026-01-20T11:45:00Z' },
      { ...sample, job_id: null, sluid: 's685M87SKZZZ00' },
      { ...sample, sluid: FIRST, job_id: '7' },
      sample,
      { ...sample, sluid: 's0000000000000' },
    ],
  });
  expect(json).toEqual({
    stored: 3,
    repeated: 0,
    refused: 3,
    errors: [
      {
        index: 3,
        error: 'validation_error',
        message: 'job_id and sluid both name the run; give only one of them.',
      },
      { index: 4, error: 'validation_error', message: 'job_id or sluid is required.' },
      {
        index: 5,
        error: 'not_found',
        message: 'There is no run with the SLUID "s0000000000000" that samples can belong to.',
      },
    ],
  });
  const { json: first } = await service.send('GET', '/v1/jobs/7/metrics?run=1');
  expect(first.samples).toMatchObject([{ timestamp: '2026-01-20T11:45:00.000Z', node: 'n2' }]);
  expect((await service.send('GET', '/v1/jobs/7/metrics?run=2')).json.total).toBe(1);
  expect((await service.send('GET', '/v1/jobs/8')).json).toMatchObject({ cpu_usage: 50 });
});
