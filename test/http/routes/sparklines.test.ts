import { expect, test } from 'bun:test';
import type { Identity } from '../../../src/domain/caller.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { startService } from '../../help/service.ts';

const ALICE: Identity = { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true };
const NOON = '2026-01-20T12:00:00.000Z';

test('sparklines are whole numbers, null where nothing was measured', async () => {
  await using service = await startService();
  await service.store.createJobs([pastJob('a'), pastJob('b,1')]);
  for (const second of [0, 1, 9])
    await service.store.recordSample('a', sample(second * 1000, { cpuUsage: 12.6, gpuUsage: 99.9 }));
  await service.store.recordSample('b,1', sample(0));
  const { json } = await service.send('GET', '/v1/sparklines?job=a&job=b%2C1&job=a&job=none&points=10');
  const line = (value: number) => [value, value, ...Array.from({ length: 7 }, () => null), value];
  expect(json).toEqual({
    sparklines: [
      { job: 'a', start_time: NOON, seconds: 0.901, cpu: line(13), memory_mb: line(1000), gpu: line(100) },
      { job: 'b,1', start_time: NOON, seconds: 0.001, cpu: [50], memory_mb: [1000] },
    ],
    skipped: [],
  });
});

test('jobs of others are left out as unknown ones are', async () => {
  await using service = await startService({
    ways: [({ request }) => (request.headers.has('x-alice') ? ALICE : undefined)],
  });
  await service.store.createJobs([pastJob('own'), pastJob('foreign', { user: 'bob' })]);
  for (const id of ['own', 'foreign']) await service.store.recordSample(id, sample(0));
  const ask = async (query: string) =>
    (await service.send('GET', `/v1/sparklines?${query}`, undefined, { 'x-alice': '1' })).text;
  expect(await ask('job=foreign')).toBe(await ask('job=unknown'));
  expect(await ask('job=own&job=foreign')).toBe(await ask('job=own'));
  expect(await ask('job=own')).toContain('"job":"own"');
});

const jobs = (count: number) => Array.from({ length: count }, (_, index) => `job=j${index}`).join('&');

test.each([
  ['no job', '', 'job is missing'],
  ['too many jobs', jobs(101), 'job must be given at most 100 times.'],
  ['an empty id', 'job=', 'job must have 1 to 256 characters'],
  ['no points', 'job=a&points=1', 'points must be a whole number from 2 to 400'],
  ['an unknown parameter', 'jobs=a', '"jobs" is not a known parameter'],
])('a request with %s is refused', async (_, query, message) => {
  await using service = await startService();
  const { status, json } = await service.send('GET', `/v1/sparklines?${query}`);
  expect([status, json.error]).toEqual([400, 'validation_error']);
  expect(json.message).toStartWith(message);
  expect((await service.send('GET', `/v1/sparklines?${jobs(100)}`)).status).toBe(200);
});
