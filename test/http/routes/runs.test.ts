import { expect, test } from 'bun:test';
import type { Report } from '../../../src/domain/report.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const at = (minutes: number) => NOON_MS + 60_000 * minutes;
const RUN: Report = {
  source: 'squeue',
  observedMs: at(-60),
  id: '7',
  user: 'alice',
  state: 'running',
  startTimeMs: at(-60),
  nodes: ['n1', 'n2'],
  account: 'physics',
  partition: 'debug',
  name: 'train',
  submitTimeMs: at(-90),
  gpus: 2,
  allocations: [{ node: 'n1', cpus: 4, memoryMb: 8000, gpuIds: ['0', '1'] }],
};
const DETAILS = {
  account: 'physics',
  partition: 'debug',
  name: 'train',
  submit_time: '2026-01-20T10:30:00.000Z',
  gpus: 2,
  allocations: [{ node: 'n1', cpus: 4, memory_mb: 8000, gpu_ids: ['0', '1'] }],
};

async function startWithRuns() {
  const service = await startService();
  await service.store.applyReports([
    RUN,
    {
      ...RUN,
      state: 'cancelled',
      source: 'sacct',
      observedMs: at(-30),
      endTimeMs: at(-30),
      rawState: 'REQUEUED',
    },
    { ...RUN, startTimeMs: at(-5), observedMs: at(-4), submitTimeMs: at(-29), nodes: ['n3'], restarts: 1 },
  ]);
  return service;
}

test('a job shows the details of its latest run, and each run shows its own', async () => {
  await using service = await startWithRuns();
  const { json } = await service.send('GET', '/v1/jobs/7');
  expect(json).toMatchObject({
    ...DETAILS,
    submit_time: '2026-01-20T11:31:00.000Z',
    nodes: ['n3'],
    restarts: 1,
  });
  expect(json).not.toHaveProperty('state_confirmed');
  const { status, json: list } = await service.send('GET', '/v1/jobs/7/runs');
  expect(status).toBe(200);
  expect(list).toMatchObject({
    job_id: '7',
    runs: [
      {
        run: 2,
        state: 'running',
        start_time: '2026-01-20T11:55:00.000Z',
        summary: { samples: 0, nodes: [] },
      },
      {
        ...DETAILS,
        run: 1,
        state: 'cancelled',
        end_time: '2026-01-20T11:30:00.000Z',
        runtime_seconds: 1800,
        raw_state: 'REQUEUED',
        state_confirmed: true,
      },
    ],
  });
  expect((await service.send('GET', '/v1/jobs/8/runs')).status).toBe(404);
  expect((await service.send('GET', '/v1/jobs/7/metrics?run=1')).json).toEqual({
    job_id: '7',
    samples: [],
    total: 0,
  });
  expect((await service.send('GET', '/v1/jobs/7/summary?run=2')).json.samples).toBe(0);
  expect((await service.send('GET', '/v1/jobs/7/summary?run=3')).status).toBe(404);
  expect((await service.send('GET', '/v1/jobs/7/summary?run=0')).json.error).toBe('validation_error');
});

test('events show changes under the names of the fields', async () => {
  await using service = await startWithRuns();
  await service.send('POST', '/v1/jobs', { id: '8', user: 'bob', nodes: ['n1'], name: 'x' });
  await service.send('PATCH', '/v1/jobs/8', { state: 'failed', exit_code: 3 });
  await service.send('PATCH', '/v1/jobs/8', { state: 'running' });
  expect((await service.send('GET', '/v1/jobs/8/events')).json).toEqual({
    job_id: '8',
    events: [
      {
        time: '2026-01-20T12:00:00.000Z',
        source: 'api',
        change: {
          user: 'bob',
          nodes: ['n1'],
          state: 'running',
          start_time: '2026-01-20T12:00:00.000Z',
          name: 'x',
        },
      },
      {
        time: '2026-01-20T12:00:00.000Z',
        source: 'api',
        change: { state: 'failed', end_time: '2026-01-20T12:00:00.000Z', exit_code: 3 },
      },
      { time: '2026-01-20T12:00:00.000Z', source: 'api', change: { state: 'running', end_time: null } },
    ],
  });
  const { events } = (await service.send('GET', '/v1/jobs/7/events')).json;
  expect(events.map(({ source }: { source: string }) => source)).toEqual(['squeue', 'sacct', 'squeue']);
  expect((await service.send('GET', '/v1/jobs/9/events')).status).toBe(404);
});

test('a pending job has no start time', async () => {
  await using service = await startService();
  const { startTimeMs: _s, nodes: _n, ...waiting } = RUN;
  await service.store.applyReports([{ ...waiting, state: 'pending', reason: 'Priority' }]);
  const { json } = await service.send('GET', '/v1/jobs/7');
  expect(json).toMatchObject({ state: 'pending', nodes: [], reason: 'Priority' });
  expect(json).not.toHaveProperty('start_time');
  await service.send('PATCH', '/v1/jobs/7', { state: 'cancelled' });
  expect((await service.send('GET', '/v1/jobs/7')).json).toMatchObject({
    runtime_seconds: 0,
    state: 'cancelled',
  });
});

test.each([
  ['account=physics', 1],
  ['partition=debug&state=running', 1],
  ['name=train', 1],
  ['name=trai', 0],
  ['qos=high', 0],
  ['cluster=x', 0],
  ['array_job_id=7', 0],
])('GET /v1/jobs?%s lists %d jobs', async (query, total) => {
  await using service = await startWithRuns();
  expect((await service.send('GET', `/v1/jobs?${query}`)).json).toMatchObject({ total });
});

const BAD: [fields: object, message: string][] = [
  [{ name: 5 }, 'name must be a string.'],
  [{ name: 'a\0b' }, 'name must be well-formed Unicode without NUL characters.'],
  [{ name: 'x'.repeat(5000) }, 'name must have at most 4096 characters.'],
  [{ gpus: -1 }, 'gpus must be at least 0.'],
  [{ cpus: 1.5 }, 'cpus must be an integer.'],
  [{ account: '' }, 'account must have 1 to 256 characters, none of them a control character.'],
  [{ submit_time: 'noon' }, 'submit_time must be an ISO 8601 time such as 2026-01-20T10:00:00Z, not "noon".'],
  [{ allocations: [{ cpus: 1 }] }, 'allocations.0.node is required.'],
  [{ allocations: [{ node: 'n1', gpus: 1 }] }, 'allocations.0.gpus is not a known field.'],
];
test.each(BAD)('the details %j are refused', async (fields, message) => {
  await using service = await startService();
  const job = { id: '8', user: 'bob', nodes: ['n1'], ...fields };
  const { status, json } = await service.send('POST', '/v1/jobs', job);
  expect([status, json]).toEqual([400, { error: 'validation_error', message }]);
});
