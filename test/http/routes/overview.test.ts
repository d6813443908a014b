import { expect, test } from 'bun:test';
import type { Identity } from '../../../src/domain/caller.ts';
import { historyRecorder } from '../../../src/service/overview.ts';
import { pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { nodeReport } from '../../help/node-report.ts';
import { startService } from '../../help/service.ts';

const ALICE: Identity = { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true };

test('the overview counts running and pending jobs, and is answered again while the next is made', async () => {
  await using service = await startService();
  const overview = async () => (await service.send('GET', '/v1/overview')).json;
  expect(await overview()).toMatchObject({ running: 0, pending: 0, cpus: { allocated: 0 } });
  await service.send('POST', '/v1/jobs', { id: '1', user: 'alice', nodes: ['n1'], cpus: 8 });
  expect(await overview()).toMatchObject({ running: 0 });
  service.clock.advance(5000);
  // The latest is answered once more, while the next is made.
  expect(await overview()).toMatchObject({ running: 0 });
  const isMade = async () => ((await overview()) as { running: number }).running === 1;
  for (let tries = 0; tries < 100 && !(await isMade()); tries++) await Bun.sleep(10);
  expect(await overview()).toMatchObject({ running: 1, cpus: { allocated: 8 } });
  await service.send('DELETE', '/v1/jobs/1');
  service.clock.advance(30_000);
  expect(await overview()).toMatchObject({ running: 0 });
});

test('somebody who sees only own jobs gets the figures of those, and never those of everybody', async () => {
  await using service = await startService({
    ways: [({ request }) => (request.headers.has('x-alice') ? ALICE : undefined)],
  });
  const failed = { state: 'failed', endTimeMs: service.clock.now() - 60_000 } as const;
  await service.store.createJobs([
    ...['1', '2', '3'].map((id) => pastJob(id, { user: 'bob', state: 'running', details: { cpus: 4 } })),
    pastJob('4', { user: 'alice', state: 'running', details: { cpus: 1 } }),
    pastJob('5', { user: 'bob', ...failed }),
  ]);
  const own = await service.send('GET', '/v1/overview', undefined, { 'x-alice': '1' });
  expect(own.json).toMatchObject({ running: 1, cpus: { allocated: 1 }, failed: [] });
});

test('jobs that failed within the last hour are there, older ones are not', async () => {
  await using service = await startService();
  const nowMs = service.clock.now();
  const failed = (id: string, minutes: number) =>
    pastJob(id, { state: 'failed', startTimeMs: nowMs - 9e6, endTimeMs: nowMs - minutes * 60_000 });
  await service.store.createJobs([failed('old', 61), failed('new', 59)]);
  const { json } = await service.send('GET', '/v1/overview');
  expect((json as { failed: { examples: string[] }[] }).failed.map(({ examples }) => examples)).toEqual([
    ['new'],
  ]);
});

test('while it is refreshed, nobody gets an old overview, and nobody waits', async () => {
  await using service = await startService();
  const running = async () =>
    ((await service.send('GET', '/v1/overview')).json as { running: number }).running;
  await service.overviews.refresh();
  await service.store.createJobs([pastJob('1')]);
  expect(await running()).toBe(0);
  // Somebody watches, so that it is made anew as soon as it is not fresh.
  service.clock.advance(5000);
  await service.overviews.refresh();
  expect(await running()).toBe(1);
  await service.store.createJobs([pastJob('2')]);
  service.clock.advance(60_000);
  await service.overviews.refresh();
  expect(await running()).toBe(2);
  await service.store.createJobs([pastJob('3')]);
  service.clock.advance(4000);
  await service.overviews.refresh();
  expect(await running()).toBe(2);
});

test('the overview tells how old what it is made from is, and the free GPUs by model', async () => {
  const states = new Map([
    ['squeue', { calls: 2, failures: 1, lastSuccessMs: NOON_MS - 600_000 }],
    ['sacct', { calls: 1, failures: 0, lastSuccessMs: NOON_MS - 700_000 }],
  ]);
  await using service = await startService({ following: { states, intervalMs: 30_000 } });
  await service.store.createJobs([pastJob('1'), pastJob('2', { nodes: ['n2'] })]);
  await service.store.recordSamples([], undefined, { report: nodeReport(), receivedMs: NOON_MS - 61_000 });
  const { json } = await service.send('GET', '/v1/overview');
  expect(json).toMatchObject({
    freshness: {
      squeue: { last_success: '2026-01-20T11:50:00.000Z', stale: true },
      sacct: { last_success: '2026-01-20T11:48:20.000Z', stale: false },
      agents: { live: 0, stale: 1, silent: 0, missing: 1 },
    },
    free_gpus: [{ total: 2, free: 2 }],
    nodes: { total: 2, with_jobs: 2 },
  });
});

test('the history has columns over a range, a day by default, and nothing for who sees only own jobs', async () => {
  await using service = await startService({
    ways: [({ request }) => (request.headers.has('x-alice') ? ALICE : undefined)],
  });
  const at = (minutes: number) => NOON_MS - minutes * 60_000;
  const rows = [
    { timeMs: at(25 * 60), running: 1 },
    { timeMs: at(10), running: 2, cpusUsed: 1.5 },
    { timeMs: at(5), running: 3 },
  ];
  await service.store.recordHistory(rows);
  const read = async (query: string, headers = {}) =>
    (await service.send('GET', `/v1/overview/history${query}`, undefined, headers)).json;
  const known = { running: [2, 3], cpus_used: [1.5, null], gpus_used: [null, null] };
  const times = ['2026-01-20T11:50:00.000Z', '2026-01-20T11:55:00.000Z'];
  expect(await read('', { 'x-alice': '1' })).toMatchObject({
    timestamps: [],
    reason: expect.stringContaining('you see only your own'),
  });
  await using open = await startService();
  await open.store.recordHistory(rows);
  const { json } = await open.send('GET', '/v1/overview/history');
  expect(json).toMatchObject({ step_seconds: 300, timestamps: times, columns: known });
  expect(json).not.toHaveProperty('reason');
  const older = await open.send(
    'GET',
    '/v1/overview/history?since=2026-01-19T00:00:00Z&until=2026-01-19T12:00:00Z',
  );
  expect(older.json).toMatchObject({ timestamps: ['2026-01-19T11:00:00.000Z'], columns: { running: [1] } });
  const wrong = await open.send('GET', '/v1/overview/history?since=2026-01-19&until=2026-01-18');
  expect([wrong.status, wrong.json]).toMatchObject([400, { error: 'validation_error' }]);
});

test('a row of the history is stored every five minutes, with the jobs that ended since the row before', async () => {
  await using service = await startService();
  const record = historyRecorder(service);
  const step = async () => record(await service.overviews.refresh());
  await service.store.createJobs([pastJob('runs')]);
  // Nothing at the start: squeue and the agents have told nothing yet.
  await step();
  service.clock.advance(60_000);
  await step();
  service.clock.advance(60_000);
  await step();
  const ended = { state: 'failed', endTimeMs: service.clock.now() } as const;
  await service.store.createJobs([pastJob('fails', ended)]);
  service.clock.advance(180_000);
  await step();
  // Nobody counted what ended in the hour after that.
  service.clock.advance(3_600_000);
  await step();
  const rows = (await Array.fromAsync(service.store.readHistory(0, Number.MAX_SAFE_INTEGER))).flat();
  expect(rows.map(({ timeMs, running, failed }) => [timeMs - NOON_MS, running, failed])).toEqual([
    [60_000, 1, undefined],
    [300_000, 1, 1],
    [3_900_000, 1, undefined],
  ]);
});
