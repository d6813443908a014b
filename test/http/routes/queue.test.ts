import { expect, test } from 'bun:test';
import type { QueueAnswer } from '../../../src/api/queue.ts';
import type { Identity } from '../../../src/domain/caller.ts';
import type { Report } from '../../../src/domain/report.ts';
import { startService } from '../../help/service.ts';

const ALICE: Identity = { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true };
const MINUTE_MS = 60_000;

type Service = Awaited<ReturnType<typeof startService>>;

const waits = (service: Service, id: string, minutes: number, fields: Partial<Report> = {}): Report => ({
  source: 'squeue',
  observedMs: service.clock.now(),
  id,
  user: 'bob',
  state: 'pending',
  rawState: 'PENDING',
  submitTimeMs: service.clock.now() - minutes * MINUTE_MS,
  partition: 'cpu',
  ...fields,
});

const queueOf = async (service: Service, headers?: Record<string, string>) =>
  (await service.send('GET', '/v1/queue', undefined, headers)).json as QueueAnswer;

test('the queue tells who waits, for what, and since when; jobs that run are not in it', async () => {
  await using service = await startService();
  await service.store.applyReports([
    waits(service, '1', 60, { reason: 'Resources', cpus: 4, gpus: 1, name: 'train', account: 'physics' }),
    waits(service, '2', 30, { reason: 'Dependency' }),
    waits(service, '3', 90, { state: 'running', startTimeMs: service.clock.now(), nodes: ['n1'] }),
  ]);
  const { jobs, counted_jobs, causes, partitions, reasons, users, oldest, oldest_blocked } =
    await queueOf(service);
  expect([jobs, counted_jobs]).toEqual([2, undefined]);
  expect(causes.map(({ cause, jobs: count }) => [cause, count])).toEqual([
    ['resources', 1],
    ['dependency', 1],
  ]);
  expect(partitions).toMatchObject([{ partition: 'cpu', jobs: 2, causes: [{ jobs: 1 }, { jobs: 1 }] }]);
  expect(reasons.map(({ reason }) => reason)).toEqual(['Resources', 'Dependency']);
  expect(users).toEqual([
    { user: 'bob', jobs: 2, cpus: 4, gpus: 1, longest_wait_seconds: 3600, median_wait_seconds: 1800 },
  ]);
  expect(oldest).toEqual([
    {
      job_id: '1',
      user: 'bob',
      name: 'train',
      account: 'physics',
      partition: 'cpu',
      cause: 'resources',
      reason: 'Resources',
      meaning: 'It is at the front of its queue and waits until enough is free.',
      action: 'Fewer nodes, less memory or a shorter time limit may let it start earlier.',
      cpus: 4,
      gpus: 1,
      submit_time: '2026-01-20T11:00:00.000Z',
      wait_seconds: 3600,
    },
  ]);
  expect(oldest_blocked).toMatchObject([{ job_id: '2', cause: 'dependency' }]);
});

test('the jobs that have waited longest are first, and the answer is shared for some seconds', async () => {
  await using service = await startService();
  await service.store.applyReports([waits(service, 'b', 10), waits(service, 'a', 20)]);
  const ids = async () => (await queueOf(service)).oldest.map(({ job_id }) => job_id);
  expect(await ids()).toEqual(['a', 'b']);
  await service.store.applyReports([waits(service, 'c', 30)]);
  expect(await ids()).toEqual(['a', 'b']);
  service.clock.advance(30_000);
  expect(await ids()).toEqual(['c', 'a', 'b']);
});

test('somebody who sees only own jobs gets the queue of those, and never that of everybody', async () => {
  await using service = await startService({
    ways: [({ request }) => (request.headers.has('x-alice') ? ALICE : undefined)],
  });
  await service.store.applyReports([
    waits(service, '1', 10),
    waits(service, '2', 20, { user: 'alice' }),
    waits(service, '3', 30),
  ]);
  const { jobs, users, oldest, user_count } = await queueOf(service, { 'x-alice': '1' });
  expect([jobs, user_count]).toEqual([1, 1]);
  expect(users.map(({ user }) => user)).toEqual(['alice']);
  expect(oldest.map(({ job_id }) => job_id)).toEqual(['2']);
});
