import { expect, test } from 'bun:test';
import type { StoredAct } from '../../../src/domain/policy/act.ts';
import type { NewNotice } from '../../../src/domain/policy/notice.ts';
import { createTold } from '../../../src/domain/policy/told.ts';
import type { AuditEntry } from '../../../src/domain/store/access.ts';
import { type Delivery, LONGEST_RETRY_MS, type PolicyStore } from '../../../src/domain/store/policies.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;

/** What the policy `idle` tells alice of job 7, by mail. */
const notice = (fields: Partial<NewNotice> = {}): NewNotice => ({
  ...{ policy: 'idle', audience: 'user', name: 'alice', timeMs: NOON_MS, untilMs: NOON_MS },
  ...{ expiresMs: NOON_MS + DAY_MS, subject: 'idle: your job 7', says: 'End it.', ways: ['mail'] },
  parts: [{ title: 'Your jobs', lines: [], jobs: [{ id: '7', text: 'no GPU used.' }], more: 0 }],
  runs: [{ job: '7', startMs: NOON_MS - DAY_MS }],
  ...fields,
});
const ALICE = { policy: 'idle', audience: 'user', name: 'alice' } as const;

const act = (id: string, fields: Partial<StoredAct> = {}): StoredAct => ({
  ...{ policy: 'idle-cancel', timeMs: NOON_MS, state: 'begun' },
  match: {
    ...{ id, user: 'alice', startTimeMs: NOON_MS - DAY_MS, figures: { gpus: 2 }, reasons: ['2 GPUs'] },
    ...{ findings: [], fromMs: NOON_MS - DAY_MS, toMs: NOON_MS },
  },
  ...fields,
});

const dueOf = async (store: PolicyStore, way: Delivery['way'], nowMs = NOON_MS, limit = 100) =>
  (await store.listDue(way, nowMs, limit)).map(({ notice: { number }, tries }) => [number, tries]);

/** Sends a notice as a deliverer does. */
async function end(store: PolicyStore, number: number, state: 'sent' | 'unknown' | 'failed', way = 'mail') {
  expect(await store.claimDelivery(number, way as 'mail')).toBe(true);
  await store.settleDelivery(number, way as 'mail', { state, nextMs: NOON_MS });
}

const toldOf = async (store: PolicyStore, sinceMs = 0) => createTold(await store.readTold(sinceMs));

export function policies(makePlace: MakePlace) {
  test('a notice is stored once, with all that it says, and is listed by whom it is for', async () => {
    await using place = await emptyStore(makePlace);
    const hostile = {
      name: 'bob\r\nBcc: eve',
      subject: "'; DROP TABLE notice; -- \u0007",
      ways: [] as const,
    };
    const bob = notice({ ...hostile, runs: [] });
    await place.store.recordNotices([notice({ ways: ['mail', 'webhook'] }), notice(), bob]);
    await place.store.recordNotices([notice({ subject: 'again' }), notice({ audience: 'coordinators' })]);
    await place.reopen();
    const { store } = place;
    const all = await store.listNotices({ limit: 100 });
    expect(all.map(({ audience, name }) => [audience, name])).toEqual([
      ['coordinators', 'alice'],
      ['user', hostile.name],
      ['user', 'alice'],
    ]);
    const { runs: _, ways: __, ...said } = notice();
    const waiting = { state: 'waiting', tries: 0 } as const;
    expect(all[2]).toEqual({
      ...said,
      number: all[2]!.number,
      deliveries: [
        { way: 'mail', ...waiting },
        { way: 'webhook', ...waiting },
      ],
    });
    expect(all[1]).toMatchObject({ subject: hostile.subject, deliveries: [] });
    const own = { audience: 'user', name: 'alice' } as const;
    expect(await store.listNotices({ limit: 100, ...own })).toEqual([all[2]!]);
    expect(await store.listNotices({ limit: 1, before: all[0]!.number })).toEqual([all[1]!]);
    expect(await store.listNotices({ limit: 100, ...own, before: all[2]!.number })).toEqual([]);
  });

  test('a delivery is due in its way until it is settled, and is claimed by one caller only', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const later = notice({ name: 'bob', timeMs: NOON_MS + 1 });
    await store.recordNotices([later, notice({ ways: ['mail', 'webhook'] })]);
    const [first, second] = (await store.listNotices({ limit: 2 })).map(({ number }) => number) as [
      number,
      number,
    ];
    expect(await dueOf(store, 'mail')).toEqual([[first, 0]]);
    expect(await dueOf(store, 'mail', NOON_MS + 1)).toEqual([
      [first, 0],
      [second, 0],
    ]);
    expect(await dueOf(store, 'mail', NOON_MS + 1, 1)).toEqual([[first, 0]]);
    const claims = await Promise.all([1, 2, 3].map(() => store.claimDelivery(first, 'mail')));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await dueOf(store, 'mail')).toEqual([]);
    expect(await dueOf(store, 'webhook')).toEqual([[first, 0]]);
    const error = 'Nobody answers there.';
    await store.settleDelivery(first, 'mail', { state: 'waiting', nextMs: NOON_MS + 60, error });
    expect(await dueOf(store, 'mail', NOON_MS + 59)).toEqual([[second, 0]]);
    expect(await dueOf(store, 'mail', NOON_MS + 60)).toEqual([
      [second, 0],
      [first, 1],
    ]);
    const deliveriesOf = async () => (await store.listNotices({ limit: 1 }))[0]!.deliveries;
    expect(await deliveriesOf()).toEqual([
      { way: 'mail', state: 'waiting', tries: 1, error },
      { way: 'webhook', state: 'waiting', tries: 0 },
    ]);
    await end(store, first, 'sent');
    // What has ended stays as it ended.
    await store.settleDelivery(first, 'mail', { state: 'waiting', nextMs: NOON_MS });
    expect(await store.claimDelivery(first, 'mail')).toBe(false);
    expect(await store.claimDelivery(99_999, 'mail')).toBe(false);
    expect((await deliveriesOf())[0]).toEqual({ way: 'mail', state: 'sent', tries: 2 });
  });

  test('what was told counts by policy, recipient and run, unless nobody took it in time', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const run = { job: '7', startMs: NOON_MS - DAY_MS };
    const names = ['sent', 'waiting', 'unknown', 'failed', 'page', 'expired', 'half', 'webhook'];
    const waysOf = (name: string) =>
      name === 'page' ? [] : name === 'half' ? (['mail', 'webhook'] as const) : (['mail'] as const);
    await store.recordNotices(names.map((name) => notice({ name, ways: waysOf(name) })));
    const numbers = new Map((await store.listNotices({ limit: 20 })).map((one) => [one.name, one.number]));
    for (const state of ['sent', 'unknown', 'failed'] as const) await end(store, numbers.get(state)!, state);
    const expired = { state: 'expired', nextMs: NOON_MS } as const;
    for (const name of ['expired', 'half']) await store.settleDelivery(numbers.get(name)!, 'mail', expired);
    await end(store, numbers.get('half')!, 'sent', 'webhook');
    const told = await toldOf(store);
    const found = names.map((name) => {
      const last = told.last({ ...ALICE, name });
      return [
        name,
        last?.untilMs === NOON_MS,
        told.ofRun({ ...ALICE, name }, run.job, run.startMs)?.isDelivered,
      ];
    });
    expect(found).toEqual([
      ['sent', true, true],
      ['waiting', true, false],
      ['unknown', true, false],
      ['failed', true, false],
      ['page', true, true],
      ['expired', false, undefined],
      ['half', true, true],
      ['webhook', true, false],
    ]);
    expect(told.last({ ...ALICE, name: 'sent', audience: 'coordinators' })).toBeUndefined();
    expect(await store.readTold(NOON_MS + 1)).toEqual({ last: [], runs: [] });
  });

  test('of a recipient the latest notice counts, and of a job that about its latest run', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
    const runs = [{ job: '7', startMs: at(-10) }];
    await store.recordNotices([
      notice({ timeMs: at(2), untilMs: at(2), runs, ways: [] }),
      notice({ timeMs: at(1), untilMs: at(1), runs: [{ job: '8', startMs: 5 }], ways: [] }),
    ]);
    const told = await toldOf(store);
    expect(told.last(ALICE)).toEqual({ ...ALICE, timeMs: at(2), untilMs: at(2) });
    expect(told.ofRun(ALICE, '7', at(-10))).toMatchObject({ timeMs: at(2), isDelivered: true });
    // A requeued job is another run.
    expect(told.ofRun(ALICE, '7', at(-5))).toBeUndefined();
    await store.recordNotices([
      notice({ timeMs: at(3), untilMs: at(3), runs: [{ job: '7', startMs: at(-5) }], ways: [] }),
    ]);
    expect((await toldOf(store)).ofRun(ALICE, '7', at(-5))).toMatchObject({ timeMs: at(3) });
  });

  test('what was being sent at a kill is never sent again, and is not lost', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.recordNotices([notice(), notice({ name: 'bob' })]);
    const [bob] = await place.store.listNotices({ limit: 2 });
    await place.store.claimDelivery(bob!.number, 'mail');
    await place.store.steadyNotices(NOON_MS, false);
    const stateOf = async () => (await place.store.listNotices({ limit: 1 }))[0]!.deliveries[0]!.state;
    expect(await stateOf()).toBe('sending');
    await place.reopen();
    await place.store.steadyNotices(NOON_MS, true);
    expect(await stateOf()).toBe('unknown');
    expect(await dueOf(place.store, 'mail', NOON_MS + DAY_MS)).toEqual([[bob!.number - 1, 0]]);
  });

  test('a clock that was ahead keeps nobody silent for longer than a window, however often it told them', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const at = (minutes: number) => NOON_MS + 2 * DAY_MS + minutes * MINUTE_MS;
    const ahead = (minutes: number) => ({ timeMs: at(minutes), expiresMs: at(minutes + 15) });
    await store.recordNotices([
      notice({ timeMs: NOON_MS - MINUTE_MS, untilMs: NOON_MS - MINUTE_MS, ways: [] }),
      ...[0, 20, 40].map((minutes) => notice({ ...ahead(minutes), untilMs: at(minutes) })),
      notice({ ...ahead(0), untilMs: at(-15), name: 'bob', policy: 'unused' }),
    ]);
    await store.recordAct(act('7', { timeMs: at(0), state: 'done' }));
    const [bob] = await store.listNotices({ limit: 1 });
    await store.claimDelivery(bob!.number, 'mail');
    await store.settleDelivery(bob!.number, 'mail', { state: 'waiting', nextMs: at(1) });
    await store.steadyNotices(NOON_MS, false);
    const { last } = await store.readTold(0);
    expect(last).toHaveLength(2);
    for (const { timeMs, untilMs } of last) expect([timeMs, untilMs]).toEqual([NOON_MS, NOON_MS]);
    const all = await store.listNotices({ limit: 10 });
    expect(all.map(({ timeMs }) => timeMs)).toEqual([...new Array(4).fill(NOON_MS), NOON_MS - MINUTE_MS]);
    // They expire as long after as they would have.
    expect(all.slice(0, 4).map(({ expiresMs }) => expiresMs)).toEqual(
      new Array(4).fill(NOON_MS + 15 * MINUTE_MS),
    );
    expect((await store.listActs(0, 10)).map(({ timeMs }) => timeMs)).toEqual([NOON_MS]);
    expect(await dueOf(store, 'mail', NOON_MS)).toContainEqual([bob!.number, 1]);
    // A rest that a deliverer gives itself is left alone.
    await store.settleDelivery(bob!.number, 'mail', { state: 'waiting', nextMs: NOON_MS + LONGEST_RETRY_MS });
    await store.steadyNotices(NOON_MS, false);
    expect(await dueOf(store, 'mail', NOON_MS)).not.toContainEqual([bob!.number, 1]);
  });

  test('an act is the latest of its job, and its entry in the audit record comes with it', async () => {
    await using place = await emptyStore(makePlace);
    const entry: AuditEntry = {
      ...{ timeMs: NOON_MS, caller: 'idle-cancel', proof: 'policy', action: 'job_cancelled', subject: '7' },
      evidence: '{"reasons":["2 GPUs"]}',
    };
    await place.store.recordAct(act('7'), entry);
    await place.store.settleAct('7', 'failed', 'squeue took more than 20 s.');
    await place.store.recordAct(act('8', { timeMs: NOON_MS + 1, state: 'rehearsed' }));
    await place.reopen();
    const { store } = place;
    const failed = act('7', { state: 'failed', error: 'squeue took more than 20 s.' });
    const rehearsed = act('8', { timeMs: NOON_MS + 1, state: 'rehearsed' });
    expect(await store.listActs(0, 10)).toEqual([rehearsed, failed]);
    expect(await store.listActs(NOON_MS + 1, 10)).toEqual([rehearsed]);
    expect(await store.listActs(0, 1)).toEqual([rehearsed]);
    await store.recordAct(act('7', { timeMs: NOON_MS + 2 }));
    expect(await store.listActs(NOON_MS + 2, 10)).toEqual([act('7', { timeMs: NOON_MS + 2 })]);
    await store.settleAct('7', 'done');
    expect((await store.listActs(0, 1))[0]).toEqual(act('7', { timeMs: NOON_MS + 2, state: 'done' }));
    const audit = await store.listAudit({ limit: 10 });
    expect(audit.map(({ number: _, ...rest }) => rest)).toEqual([entry]);
  });

  test('who wants no digest is remembered, and the secret of links is the same for ever', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.saveDigestWish('alice', false, NOON_MS);
    await place.store.saveDigestWish('alice', false, NOON_MS + 1);
    await place.store.saveDigestWish("o'neil", false, NOON_MS);
    await place.store.saveDigestWish('bob', true, NOON_MS);
    const secret = await place.store.readLinkSecret();
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    await place.reopen();
    expect([...(await place.store.listDigestRefusals())].sort()).toEqual(['alice', "o'neil"]);
    await place.store.saveDigestWish('alice', true, NOON_MS);
    expect([...(await place.store.listDigestRefusals())]).toEqual(["o'neil"]);
    expect(await place.store.readLinkSecret()).toBe(secret);
  });

  test('notices and acts are deleted with the audit record, and numbers are never given again', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const names = Array.from({ length: 250 }, (_, index) => `u${index}`);
    await store.recordNotices(names.map((name, index) => notice({ name, timeMs: NOON_MS + index })));
    await store.recordAct(act('7'));
    await store.recordAct(act('8', { timeMs: NOON_MS + 249 }));
    await store.saveDigestWish('alice', false, NOON_MS);
    const last = (await store.listNotices({ limit: 1 }))[0]!.number;
    const expireAt = async (atMs: number) => {
      for (let steps = 0; await store.expire({ auditMs: DAY_MS }, NOON_MS + DAY_MS + atMs); steps++)
        expect(steps).toBeLessThan(100);
    };
    await expireAt(248);
    expect((await store.listNotices({ limit: 1000 })).map(({ name }) => name)).toEqual(['u249', 'u248']);
    expect((await store.listActs(0, 10)).map(({ match: { id } }) => id)).toEqual(['8']);
    const { last: told, runs } = await store.readTold(0);
    expect([told.length, runs.length]).toEqual([2, 2]);
    expect(await store.listDue('mail', NOON_MS + 1000, 1000)).toHaveLength(2);
    await expireAt(300);
    await place.reopen();
    expect(await place.store.listActs(0, 10)).toEqual([]);
    expect([...(await place.store.listDigestRefusals())]).toEqual(['alice']);
    await place.store.recordNotices([notice()]);
    expect((await place.store.listNotices({ limit: 10 })).map(({ number }) => number)).toEqual([last + 1]);
  });
}
