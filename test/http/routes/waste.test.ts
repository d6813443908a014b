import { expect, test } from 'bun:test';
import type { WasteAnswer } from '../../../src/api/waste.ts';
import type { Identity } from '../../../src/domain/caller.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const HOUR_MS = 3_600_000;
const ALICE: Identity = { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true };

/**
 * Two jobs of an hour on 4 CPUs and a GPU each: alice's on n1 with half of its CPUs and a quarter of its GPU
 * in use for half an hour, and bob's on n2, which was not measured.
 */
async function start() {
  const service = await startService({
    ways: [({ request }) => (request.headers.has('x-alice') ? ALICE : { ...ALICE, name: 'root' })],
  });
  const details = { cpus: 4, gpus: 1 };
  const times = { startTimeMs: NOON_MS - 2 * HOUR_MS, endTimeMs: NOON_MS - HOUR_MS };
  const ended = { state: 'completed', ...times } as const;
  await service.store.createJobs([
    pastJob('1', {
      ...ended,
      details: { ...details, account: 'physics', partition: 'gpu', energyJoules: 500 },
    }),
    pastJob('2', { ...ended, user: 'bob', nodes: ['n2'], details }),
  ]);
  for (const atMs of [-2 * HOUR_MS, -1.5 * HOUR_MS])
    await service.store.recordSample('1', sample(atMs, { stamped: false, gpuUsage: 25 }));
  while (await service.store.expire({}, NOON_MS + 10 * HOUR_MS));
  const get = async (query: string, headers?: Record<string, string>) =>
    (await service.send('GET', `/v1/waste${query}`, undefined, headers)).json as unknown as WasteAnswer;
  return { service, get, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

const ALICES = {
  jobs: 1,
  gpu_hours: { held: 1, unmeasured: 0.5, used: 0.125, wasted: 0.375, share: 1 },
  cpu_hours: { held: 4, unmeasured: 2, used: 1, wasted: 1, share: 1 },
  ...{ energy_joules: 500, energy_jobs: 1 },
};
const BOBS = { jobs: 1, gpu_hours: { held: 1, unmeasured: 1 }, cpu_hours: { held: 4, unmeasured: 4 } };

test('waste is what was held and measured and not used; what was not measured is told apart', async () => {
  await using place = await start();
  expect(await place.get('')).toEqual({
    group_by: 'user',
    since: '2025-12-21T00:00:00.000Z',
    until: '2026-01-20T12:00:00.000Z',
    sort: 'gpu_hours',
    rows: [
      { name: 'alice', ...ALICES },
      { name: 'bob', ...BOBS },
    ],
    total: 2,
    sum: {
      jobs: 2,
      gpu_hours: { held: 2, unmeasured: 1.5, used: 0.125, wasted: 0.375 },
      cpu_hours: { held: 8, unmeasured: 6, used: 1, wasted: 1 },
      ...{ energy_joules: 500, energy_jobs: 1 },
    },
  });
  expect(await place.get('?group_by=account&sort=cpu_hours')).toMatchObject({
    sort: 'cpu_hours',
    rows: [{ name: 'physics', ...ALICES }, BOBS],
  });
  expect(await place.get('?group_by=node')).toMatchObject({
    until: '2026-01-21T00:00:00.000Z',
    rows: [
      { name: 'n1', ...ALICES },
      { name: 'n2', ...BOBS },
    ],
  });
  expect(await place.get('?group_by=partition&user=bob')).toMatchObject({ rows: [BOBS], total: 1 });
  expect(await place.get('?limit=1&offset=1')).toMatchObject({ rows: [{ name: 'bob' }], total: 2 });
  expect(await place.get('?until=2026-01-20T10:00:00Z')).toMatchObject({
    rows: [],
    total: 0,
    sum: { jobs: 0 },
  });
});

test('those who see some jobs only have shares of these, and no sums by node', async () => {
  await using place = await start();
  const headers = { 'x-alice': '1' };
  expect(await place.get('?user=bob', headers)).toMatchObject({ rows: [], total: 0 });
  const own = await place.get('', headers);
  expect(own.rows).toEqual([{ name: 'alice', ...ALICES }]);
  expect(own.sum.cpu_hours).toEqual({ held: 4, unmeasured: 2, used: 1, wasted: 1 });
  const { status, json } = await place.service.send('GET', '/v1/waste?group_by=node', undefined, headers);
  expect([status, json]).toEqual([
    403,
    {
      error: 'forbidden',
      message: 'Sums by node are of all jobs, which you may not see; group by user, account or partition.',
    },
  ]);
});

test('wrong parameters of waste are refused', async () => {
  await using place = await start();
  for (const query of [
    ...['group_by=day', 'sort=jobs', 'limit=0', 'limit=10001', 'offset=-1', 'by=user'],
    ...['since=2026-01-20&until=2026-01-19', 'group_by=node&user=alice'],
  ]) {
    const { status } = await place.service.send('GET', `/v1/waste?${query}`);
    expect([query, status]).toEqual([query, 400]);
  }
});
