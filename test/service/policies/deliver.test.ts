import { expect, test } from 'bun:test';
import { chmodSync, writeFileSync } from 'node:fs';
import type { NewNotice } from '../../../src/domain/policy/notice.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import type { MailServer } from '../../../src/mail/send.ts';
import { deliverer } from '../../../src/service/policies/deliver.ts';
import { mailWay } from '../../../src/service/policies/ways.ts';
import { fixedClock, NOON_MS } from '../../help/clock.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { policyKeeper } from '../../help/policies.ts';
import { type Manner, startSmtpServer } from '../../help/smtp-server.ts';
import { openStore } from '../../help/store.ts';

/** All in all, for a mail. */
const TIMEOUT_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const noticeTo = (name: string): NewNotice => ({
  ...{ policy: 'idle', audience: 'user', name, timeMs: NOON_MS, untilMs: NOON_MS },
  ...{ expiresMs: NOON_MS + DAY_MS, subject: 'idle: your job 7', says: 'End it.', ways: ['mail'] },
  parts: [{ title: 'Your jobs', lines: [], jobs: [{ id: '7', text: 'no GPU used.' }], more: 0 }],
  runs: [{ job: '7', startMs: NOON_MS }],
});

/** Two notices to be mailed, and a service that mails them. */
async function startMailing(server: Omit<MailServer, 'timeoutMs'>) {
  const folder = temporaryFolder();
  const store = await openStore(folder.file('notices.db'));
  const clock = fixedClock();
  const results: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const deliver = deliverer({
    ...{ store, way: 'mail', now: clock.now, log },
    deliver: mailWay({
      ...{ server: { ...server, timeoutMs: TIMEOUT_MS }, from: 'hpc@example.org', domain: 'example.org' },
      ...{ administrators: () => [], publicUrl: null, refusalUrlOf: () => undefined },
    }),
    observe: (result) => void results.push(result),
  });
  await store.recordNotices([noticeTo('alice'), noticeTo('bob')]);
  return {
    store,
    clock,
    results,
    deliver: () => deliver(new AbortController().signal),
    states: () => statesOf(store),
    async [Symbol.asyncDispose]() {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}

const statesOf = async (store: Store) =>
  (await store.listNotices({ limit: 10 }))
    .map(({ name, deliveries: [delivery] }) => `${name} ${delivery!.state} ${delivery!.tries}`)
    .sort();

/** How the first round ends where the server behaves badly; the second is a minute later, and it is well. */
const TROUBLES: readonly [
  manner: Manner,
  first: readonly string[],
  restMs: number | undefined,
  taken: string[],
][] = [
  ['silent', ['alice waiting 1', 'bob waiting 0'], undefined, ['alice', 'bob']],
  ['endless', ['alice waiting 1', 'bob waiting 0'], undefined, ['alice', 'bob']],
  ['busy', ['alice waiting 1', 'bob waiting 0'], undefined, ['alice', 'bob']],
  ['refuse', ['alice waiting 1', 'bob waiting 1'], undefined, ['alice', 'bob']],
  // It may have arrived, and is never sent again; others wait until the server answers.
  ['keep', ['alice unknown 1', 'bob waiting 0'], 5 * MINUTE_MS, ['bob']],
  ['break', ['alice unknown 1', 'bob waiting 0'], 5 * MINUTE_MS, ['bob']],
];

test.each(TROUBLES)(
  'a mail server that is in trouble (%s) holds nobody, and nothing is sent twice or lost unseen',
  async (manner, first, restMs, taken) => {
    await using server = await startSmtpServer();
    await using mailing = await startMailing({ smtp: server.url });
    server.state.manner = manner;
    const startedMs = performance.now();
    expect((await mailing.deliver())?.restMs).toBe(restMs!);
    expect(performance.now() - startedMs).toBeLessThan(10 * TIMEOUT_MS);
    expect(await mailing.states()).toEqual([...first]);
    expect(mailing.results).toEqual(
      first
        .filter((state) => !state.endsWith(' 0'))
        .map((state) => (state.includes('unknown') ? 'unknown' : 'retried')),
    );
    server.state.manner = 'take';
    mailing.clock.advance(MINUTE_MS);
    await mailing.deliver();
    await mailing.deliver();
    expect(server.taken.flatMap(({ to }) => to).sort()).toEqual(taken.map((name) => `${name}@example.org`));
    expect((await mailing.states()).map((state) => state.replace(/ \d$/, ''))).toEqual(
      ['alice', 'bob'].map((name) => `${name} ${taken.includes(name) ? 'sent' : 'unknown'}`),
    );
  },
);

test('while a mail server says nothing, policies are looked at, and a webhook gets what it is due', async () => {
  await using server = await startSmtpServer();
  await using mailing = await startMailing({ smtp: server.url });
  server.state.manner = 'silent';
  const { store, clock } = mailing;
  const text =
    '[policy.failed]\nsays = "x"\nlooks_at = "ended"\njob.nodes = ">= 1"\ntell = ["user"]\nby = ["page"]\n';
  const keeper = policyKeeper({ store, text, now: clock.now });
  let isSending = true;
  const sending = mailing.deliver().finally(() => {
    isSending = false;
  });
  const endTimeMs = NOON_MS - 20 * MINUTE_MS;
  await store.createJobs([
    { id: '1', user: 'eve', nodes: ['n1'], state: 'failed', startTimeMs: endTimeMs - 1, endTimeMs },
  ]);
  await keeper.tick();
  expect(isSending).toBe(true);
  expect((await store.listNotices({ limit: 1 })).map(({ name }) => name)).toEqual(['eve']);
  await sending;
});

test('a sendmail that hangs is killed, one that refuses is asked again, and a missing one too', async () => {
  using folder = temporaryFolder();
  const program = (text: string) => {
    writeFileSync(folder.file('sendmail'), `#!/bin/sh\n${text}\n`);
    chmodSync(folder.file('sendmail'), 0o755);
  };
  const server = { smtp: null, sendmail: folder.file('sendmail') };
  await using mailing = await startMailing(server);
  await mailing.deliver();
  expect(await mailing.states()).toEqual(['alice waiting 1', 'bob waiting 0']);
  mailing.clock.advance(2 * MINUTE_MS);
  program('cat >/dev/null; exit 67');
  await mailing.deliver();
  expect(await mailing.states()).toEqual(['alice waiting 2', 'bob waiting 1']);
  mailing.clock.advance(5 * MINUTE_MS);
  program(`printf '%s\\n' "$@" >${folder.file('arguments')}; cat >${folder.file('mail')}`);
  await mailing.deliver();
  expect(await mailing.states()).toEqual(['alice sent 3', 'bob sent 2']);
  const given = (await Bun.file(folder.file('arguments')).text()).split('\n');
  expect(given.slice(0, 4)).toEqual(['-i', '-f', 'hpc@example.org', '--']);
  expect(await Bun.file(folder.file('mail')).text()).toMatch(/^To: (alice|bob)@example\.org\n[^\r]*$/m);
  program('exec sleep 600');
  await mailing.store.recordNotices([{ ...noticeTo('eve'), untilMs: NOON_MS + 1 }]);
  expect(await mailing.deliver()).toEqual({ restMs: 5 * MINUTE_MS });
  expect(await mailing.states()).toContain('eve unknown 1');
});
