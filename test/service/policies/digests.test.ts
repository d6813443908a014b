import { expect, test } from 'bun:test';
import { AppError } from '../../../src/domain/errors.ts';
import { groupDigits } from '../../../src/domain/figures.ts';
import type { PastJob } from '../../../src/domain/job.ts';
import type { NewNotice } from '../../../src/domain/policy/notice.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { policyKeeper, startWebhook } from '../../help/policies.ts';
import { openStore } from '../../help/store.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A Monday; days count from 1. */
const at = (day: number, hour = 0, minute = 0) =>
  Date.UTC(2026, 5, 1) + (day - 1) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS;

const digest = (webhook: string) => `
administrators = ["root@localhost"]
webhook = "${webhook}"
[digest]
tell = ["user", "coordinators", "administrators"]
by = ["webhook"]
`;

const coordinatorsOf = (account: string) =>
  account === 'physics' ? ['carl', 'dora'] : account.startsWith('lab') ? ['carl'] : [];

/** A job that held a GPU. It failed with exit code 3 unless `fields` say otherwise. */
const job = (id: string, user: string, account: string, startMs: number, fields: Partial<PastJob> = {}) => ({
  ...{ id, user, nodes: ['n1'], state: 'failed' as const, startTimeMs: startMs },
  endTimeMs: startMs + HOUR_MS,
  details: { account, name: `name of ${id}`, cpus: 4, gpus: 1, exitCode: 3 },
  ...fields,
});
const fine = { state: 'completed', details: { account: 'chem', cpus: 2 } } as const;

const JOBS = [
  job('before', 'alice', 'physics', at(0)),
  job('1', 'alice', 'physics', at(1)),
  job('2', 'alice', 'physics', at(7, 22)),
  // Of the week in which it ended.
  job('late', 'alice', 'physics', at(7, 23)),
  job('3', 'bob', 'chem', at(3), fine),
  job('4', 'eve', 'physics', at(4)),
  ...Array.from({ length: 100 }, (_, lab) => job(`lab${lab}`, 'lee', `lab${lab}`, at(5), fine)).map(
    (one, lab) => ({ ...one, details: { ...one.details, account: `lab${lab}` } }),
  ),
];

async function settle(store: Store, nowMs: number): Promise<void> {
  for (let steps = 0; await store.expire({}, nowMs); steps++) expect(steps).toBeLessThan(400);
}

/** A service of which nothing but the digest is left, whose clock a test moves. */
async function startDigests() {
  const folder = temporaryFolder();
  const webhook = startWebhook();
  const file = folder.file('digests.db');
  let store = await openStore(file);
  let timeMs = at(1);
  const start = (own: Store = store) =>
    policyKeeper({ store: own, text: digest(webhook.url), now: () => timeMs, coordinatorsOf });
  let keeper = start();
  return {
    webhook,
    get store() {
      return store;
    },
    async add(jobs: readonly PastJob[]) {
      await store.createJobs(jobs);
      await settle(store, at(40));
    },
    /** Looks at a time, with the store of a test in place of the real one. */
    async look(nowMs: number, own?: Store) {
      timeMs = nowMs;
      await (own ? start(own) : keeper).look();
    },
    async restart() {
      await store.close();
      store = await openStore(file);
      keeper = start();
    },
    /** Returns whom was told since the last call, in order. */
    told(): NewNotice[] {
      return webhook.received.splice(0).map(({ notice }) => notice as unknown as NewNotice);
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await webhook[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const namesOf = (notices: readonly NewNotice[]) =>
  notices.map(({ audience, name }) => `${audience} ${name}`.trim()).sort();

test('users, coordinators and administrators read of the week that ended, and of no other', async () => {
  await using service = await startDigests();
  await service.add(JOBS);
  await service.look(at(1, 9));
  expect(namesOf(service.told())).toEqual([
    'administrators',
    'coordinators carl',
    'coordinators dora',
    'user alice',
  ]);
  await service.look(at(8, 8));
  const told = service.told();
  expect(namesOf(told)).toEqual([
    ...['administrators', 'coordinators carl', 'coordinators dora'],
    ...['user alice', 'user bob', 'user eve', 'user lee'],
  ]);
  const of = (name: string) => told.find((one) => one.name === name)!;
  const [alice] = of('alice').parts;
  expect(alice).toMatchObject({ title: 'You', more: 0 });
  expect(alice!.lines).toEqual([
    '2 jobs ended: 2 failed.',
    'Held: 8 CPU-hours; 2 GPU-hours.',
    '2 jobs could do better next time:',
  ]);
  expect(alice!.jobs.map(({ id, name, text }) => [id, name, text])).toEqual([
    ['2', 'name of 2', 'It ended with exit code 3.'],
    ['1', 'name of 1', 'It ended with exit code 3.'],
  ]);
  expect(of('bob').parts[0]!.lines.at(-1)).toBe('Nothing was found that is worth changing.');
  // The accounts that held most come first.
  expect(of('carl').parts).toHaveLength(51);
  expect(of('carl').parts.at(-1)).toMatchObject({ title: '51 more accounts', jobs: [], more: 0 });
  expect(of('dora').parts).toMatchObject([
    {
      title: 'Account physics',
      lines: [
        '3 jobs ended: 3 failed.',
        'Held: 12 CPU-hours; 3 GPU-hours.',
        'alice: 8 CPU-hours, 2 GPU-hours',
        'eve: 4 CPU-hours, 1 GPU-hours',
        '3 jobs could do better next time:',
      ],
      jobs: [{ text: 'alice: It ended with exit code 3.' }, { text: /^eve/ }, { text: /^alice/ }].map(
        ({ text }) => ({ text: expect.stringMatching(text) }),
      ),
    },
  ]);
  expect(of('').parts).toMatchObject([{ title: 'All jobs' }]);
  await service.look(at(15, 8));
  const [next] = service.told().filter(({ name }) => name === 'alice');
  expect(next!.parts[0]!.jobs.map(({ id }) => id)).toEqual(['late']);
});

test('who has refused the digest is left out, in every role, until it is wanted again', async () => {
  await using service = await startDigests();
  await service.add([...JOBS, job('9', 'alice', 'physics', at(9))]);
  for (const name of ['alice', 'carl']) await service.store.saveDigestWish(name, false, at(8));
  await service.look(at(8, 9));
  expect(namesOf(service.told())).toEqual([
    ...['administrators', 'coordinators dora', 'user bob', 'user eve', 'user lee'],
  ]);
  await service.store.saveDigestWish('alice', true, at(9));
  await service.look(at(9));
  expect(namesOf(service.told())).toEqual([]);
  await service.look(at(15, 8));
  expect(namesOf(service.told())).toContain('user alice');
});

test('nobody gets a digest twice, over restarts, a kill in the middle and a clock that was ahead', async () => {
  await using service = await startDigests();
  await service.add(JOBS.slice(1));
  // The clock is a day ahead on Sunday, and then right again.
  await service.look(at(8, 12));
  expect(namesOf(service.told())).toHaveLength(7);
  await service.look(at(7, 12));
  await service.restart();
  await service.look(at(7, 12, 1));
  for (const day of [8, 8.1, 9, 14]) {
    await service.look(at(day, 9));
    await service.restart();
  }
  expect(namesOf(service.told())).toEqual([]);
  // Killed after the first has been stored.
  let stored = 0;
  const killed = {
    ...service.store,
    recordNotices: async (notices: readonly NewNotice[]) => {
      if (stored++ > 0) throw new AppError('unavailable', 'The service is stopping.');
      await service.store.recordNotices(notices);
    },
  };
  await service.add([job('8', 'alice', 'physics', at(8, 1)), job('9', 'bob', 'chem', at(9), fine)]);
  await service.look(at(15, 9), killed);
  expect(namesOf(service.told())).toHaveLength(1);
  await service.restart();
  await service.look(at(15, 10));
  await service.look(at(15, 11));
  expect([...namesOf(service.told())].length).toBe(4);
});

test('a digest that cannot be made is tried again, and keeps nobody else waiting for theirs', async () => {
  await using service = await startDigests();
  await service.add(JOBS.slice(1));
  let isBroken = true;
  let readsOfBob = 0;
  const broken: Store = {
    ...service.store,
    async sumTallies(query, signal) {
      if (query.user === 'bob') readsOfBob++;
      if (isBroken && query.user === 'alice') throw new AppError('unavailable', 'Too many reads.');
      return service.store.sumTallies(query, signal);
    },
  };
  await service.look(at(8, 9), broken);
  expect(namesOf(service.told())).not.toContain('user alice');
  await service.look(at(8, 9, 1), broken);
  expect(namesOf(service.told())).toEqual([]);
  isBroken = false;
  await service.look(at(8, 9, 2), broken);
  expect(namesOf(service.told())).toEqual(['user alice']);
  expect(readsOfBob).toBe(1);
});

test('a digest waits until the jobs of its week are tallied, as after many have been imported', async () => {
  await using service = await startDigests();
  const jobs = Array.from({ length: 1200 }, (_, index) => job(`${index}`, 'alice', 'physics', at(3), fine));
  await service.store.createJobs(jobs);
  await service.look(at(8, 9));
  expect(service.told()).toEqual([]);
  await service.add([]);
  await service.look(at(8, 9, 1));
  const alice = service.told().find(({ audience }) => audience === 'user');
  expect(alice?.subject).toBe(`The week of 2026-06-01: your ${groupDigits(1200)} jobs`);
});
