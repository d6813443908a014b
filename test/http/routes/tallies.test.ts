import { expect, test } from 'bun:test';
import type { Identity } from '../../../src/domain/caller.ts';
import type { PastJob } from '../../../src/domain/job.ts';
import { pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ALICE: Identity = { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true };

/** A job that ran for two hours and ended `hours` ago. */
const ended = (id: string, hours: number, fields: Partial<PastJob> = {}): PastJob =>
  pastJob(id, {
    ...{
      state: 'completed',
      startTimeMs: NOON_MS - (hours + 2) * HOUR_MS,
      endTimeMs: NOON_MS - hours * HOUR_MS,
    },
    ...fields,
  });

/** Alice's jobs of an hour, three days and three weeks ago, one that runs, and one of bob. */
async function start() {
  const service = await startService({
    ways: [({ request }) => (request.headers.has('x-alice') ? ALICE : { ...ALICE, name: 'root' })],
  });
  const details = { account: 'physics', partition: 'gpu', cpus: 4, gpus: 1 };
  await service.store.createJobs([
    ended('1', 1, { details: { ...details, submitTimeMs: NOON_MS - 4 * HOUR_MS } }),
    ended('2', 3 * 24, { state: 'failed', details: { ...details, rawState: 'TIMEOUT' } }),
    ended('3', 21 * 24, { details }),
    pastJob('4', { details: { ...details, memoryLimitMb: 100 } }),
    ended('5', 1, { user: 'bob', details: { account: 'chemistry', cpus: 100 } }),
  ]);
  while (await service.store.expire({}, service.clock.now()));
  const get = async (path: string, headers?: Record<string, string>) =>
    (await service.send('GET', path, undefined, headers)).json as never;
  return { service, get, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

test('usage lists who held most GPU hours, then CPU hours, with the sum of all', async () => {
  await using place = await start();
  expect(await place.get('/v1/usage')).toMatchObject({
    group_by: 'user',
    since: '2025-12-21T00:00:00.000Z',
    until: '2026-01-20T12:00:00.000Z',
    total: 2,
    rows: [
      { name: 'alice', jobs: 3, failed: 1, timed_out: 1, gpu_hours: { held: 6 }, cpu_hours: { held: 24 } },
      { name: 'bob', jobs: 1, cpu_hours: { held: 200 } },
    ],
    sum: { jobs: 4, cpu_hours: { held: 224 }, wait_seconds: 3600 },
    findings: [{ kind: 'ended-by-time-limit', severity: 'harm', jobs: 1 }],
  });
  const { rows } = (await place.get('/v1/usage?limit=1')) as { rows: { gpu_hours: object }[] };
  expect(rows).toHaveLength(1);
  // Nothing was measured.
  expect(rows[0]!.gpu_hours).toEqual({ held: 6 });
  const { rows: days } = (await place.get('/v1/usage?group_by=day&user=alice')) as {
    rows: { name: string }[];
  };
  expect(days.map(({ name }) => name)).toEqual(['2025-12-30', '2026-01-17', '2026-01-20']);
  expect(await place.get('/v1/usage?group_by=partition&account=chemistry&since=2026-01-20')).toMatchObject({
    rows: [{ jobs: 1 }],
  });
});

test('wrong parameters of usage are refused', async () => {
  await using place = await start();
  for (const query of [
    'group_by=node',
    'since=2026-01-20&until=2026-01-19',
    'limit=0',
    'limit=10001',
    'since=1990-01-01&group_by=day',
    'by=user',
  ]) {
    const { status } = await place.service.send('GET', `/v1/usage?${query}`);
    expect([query, status]).toEqual([query, 400]);
  }
});

test('a user shows what runs now, and the last day, week and month', async () => {
  await using place = await start();
  const user = {
    user: 'alice',
    now: { running: 1, pending: 0, cpus: 4, gpus: 1, memory_mb: 100 },
    last_24h: { jobs: 1, completed: 1, gpu_hours: { held: 2 } },
    last_7d: { jobs: 2, failed: 1 },
    last_30d: { jobs: 3 },
  };
  expect(await place.get('/v1/users/alice')).toMatchObject({
    ...user,
    days: [{ name: '2025-12-30' }, { name: '2026-01-17' }, { name: '2026-01-20' }],
    accounts: [{ name: 'physics', jobs: 3 }],
  });
  expect(await place.get('/v1/users/alice/card')).toMatchObject(user);
  expect(await place.get('/v1/accounts/physics')).toMatchObject({
    ...{ account: 'physics', last_30d: { jobs: 3 }, users: [{ name: 'alice', jobs: 3 }] },
  });
});

test('the last 24 hours end within the hour', async () => {
  await using place = await start();
  await place.service.store.createJobs([ended('6', 23), ended('7', 26)]);
  while (await place.service.store.expire({}, place.service.clock.now()));
  expect(await place.get('/v1/users/alice/card')).toMatchObject({ last_24h: { jobs: 2 } });
  place.service.clock.advance(DAY_MS);
  expect(await place.get('/v1/users/alice/card')).toMatchObject({
    last_24h: { jobs: 0 },
    last_7d: { jobs: 4 },
  });
});

test('somebody who sees own jobs gets the usage of those, and a foreign user is as unknown as any', async () => {
  await using place = await start();
  const alice = { 'x-alice': '1' };
  expect(await place.get('/v1/usage', alice)).toMatchObject({ total: 1, rows: [{ name: 'alice' }] });
  expect(await place.get('/v1/usage?user=bob', alice)).toMatchObject({ total: 0, sum: { jobs: 0 } });
  for (const path of ['/v1/users/NAME', '/v1/users/NAME/card', '/v1/accounts/NAME']) {
    const ask = (name: string) =>
      place.service.send('GET', path.replace('NAME', name), undefined, { 'x-alice': '1' });
    const name = path.includes('accounts') ? 'chemistry' : 'bob';
    const [foreign, missing] = [await ask(name), await ask('missing')];
    expect(foreign.status).toBe(404);
    expect(foreign.text).toBe(missing.text.replaceAll('missing', name));
  }
});
