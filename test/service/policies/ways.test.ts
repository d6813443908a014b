import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { NewNotice } from '../../../src/domain/policy/notice.ts';
import type { StoredNotice } from '../../../src/domain/store/policies.ts';
import { composeNoticeMail } from '../../../src/mail/notice-mail.ts';
import { mailWay, SendError, webhookWay } from '../../../src/service/policies/ways.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startWebhook } from '../../help/policies.ts';
import { isThorough } from '../../help/seeds.ts';
import { startSmtpServer } from '../../help/smtp-server.ts';

const RUNS = isThorough ? 300 : 30;
const PUBLIC_URL = 'https://hpc.example.org/observe';

const noticeOf = (fields: Partial<NewNotice>): StoredNotice => ({
  ...{ policy: 'idle', audience: 'user', name: 'alice', timeMs: NOON_MS, untilMs: NOON_MS },
  ...{ expiresMs: NOON_MS + 1000, subject: 'idle: your job 7', says: 'End it.' },
  parts: [{ title: 'Your jobs', lines: [], jobs: [{ id: '7', text: 'no GPU used.' }], more: 0 }],
  ...{ number: 7, deliveries: [] },
  ...fields,
});

/** What users and programs name their jobs, accounts and themselves, at their worst. */
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    'x\r\nBcc: eve@evil.org',
    'x\nSubject: other',
    'alice@example.org, eve@evil.org',
    '<!channel> @here',
    '[pay](https://evil.org)',
    '"></a><script>alert(1)</script>',
    '=?utf-8?Q?=0D=0ABcc:_eve=40evil.org?=',
    '\u202egpj.exe',
    '../../v1/jobs?x=1#',
    'a'.repeat(256),
    "'; DROP TABLE notice; --",
    '-oQ/tmp',
  ),
);

const hostileNotice = fc
  .record({ name: hostile, id: hostile, text: hostile, user: hostile })
  .map(({ name, id, text, user }) =>
    noticeOf({
      ...{ name, subject: `idle: job ${id} of ${user}` },
      parts: [
        { title: `Jobs of ${user}`, lines: [text], jobs: [{ id, name: user, text, action: id }], more: 1 },
      ],
    }),
  );

test('whatever names contain, a webhook gets JSON with exactly them, and a text that calls nobody', async () => {
  await using webhook = startWebhook();
  const send = webhookWay(() => ({ webhook: webhook.url }), { publicUrl: PUBLIC_URL });
  await fc.assert(
    fc.asyncProperty(hostileNotice, async (notice) => {
      await send(notice);
      const [{ text, notice: posted, key }] = webhook.received.splice(0) as [(typeof webhook.received)[0]];
      const { policy, audience, name, subject, says, parts } = notice;
      expect(posted).toMatchObject({ number: 7, policy, audience, name, subject, says });
      expect(posted.parts).toEqual(JSON.parse(JSON.stringify(parts)));
      expect(key).toBe(`notice-7-${NOON_MS}`);
      expect(text).not.toMatch(/[<>]|@(?!\u200b)|\p{Cc}(?<!\n)|[\u202a-\u202e]/u);
      const links = [...text.matchAll(/\w+:\/\/\S+/g)].map(([link]) => link);
      expect(links).toEqual(
        [`${PUBLIC_URL}/jobs/${encodeURIComponent(parts[0]!.jobs[0]!.id)}`].map(escapeChat),
      );
    }),
    { numRuns: RUNS },
  );
});

/** What a chat reads back as the link. */
const escapeChat = (text: string) => text.replaceAll('&', '&amp;').replaceAll('@', '@\u200b');

const HEADERS = [
  ...['Auto-Submitted', 'Content-Type', 'Date', 'From', 'MIME-Version', 'Message-ID', 'Precedence'],
  ...['Subject', 'To'],
];

test('whatever names contain, a mail has its own header fields only, and one receiver or none', async () => {
  await using server = await startSmtpServer();
  const send = mailWay({
    server: { smtp: server.url },
    ...{ from: 'hpc@example.org', domain: 'example.org', administrators: () => [], publicUrl: PUBLIC_URL },
    refusalUrlOf: () => undefined,
  });
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(hostileNotice, async (notice) => {
      const error = await send(notice).catch((cause: unknown) => cause);
      const mails = server.taken.splice(0);
      if (error !== undefined) {
        expect([error instanceof SendError && error.kind, mails]).toEqual(['impossible', []]);
        return;
      }
      sent++;
      const [{ from, to, headers }] = mails as [(typeof mails)[0]];
      const address = notice.name.includes('@') ? notice.name : `${notice.name}@example.org`;
      // A local part that is no dot-atom is quoted.
      const bare = to.map((one) => one.replace(/^"(.*)"@/, '$1@'));
      expect([from, bare]).toEqual(['hpc@example.org', [address]]);
      expect(headers.map(([field]) => field).sort()).toEqual(HEADERS);
      const subject = headers.find(([field]) => field === 'Subject')![1];
      expect(subject).toMatch(/^[\x20-\x7e]*$/);
    }),
    { numRuns: RUNS, examples: [[noticeOf({ name: 'bob' })]] },
  );
  expect(sent).toBeGreaterThan(0);
});

test('a digest by mail can be ended with one click, and goes to no name that is two', async () => {
  await using server = await startSmtpServer();
  const send = mailWay({
    server: { smtp: server.url },
    ...{ from: 'hpc@example.org', domain: 'example.org', publicUrl: PUBLIC_URL },
    administrators: () => ['root@example.org', 'ops@example.org'],
    refusalUrlOf: (user) => `${PUBLIC_URL}/v1/digest/${user}.signed`,
  });
  const digest = { policy: 'digest', subject: `The week ${'x'.repeat(300)}\u202e` } as const;
  await send(noticeOf({ ...digest }));
  await send(noticeOf({ ...digest, audience: 'coordinators', name: 'carl@phys.example.org' }));
  await send(noticeOf({ ...digest, audience: 'administrators', name: '' }));
  expect(await send(noticeOf({ name: 'a@b.org,c@d.org' })).catch(({ kind }) => kind)).toBe('impossible');
  const seen = server.taken.map(({ to, headers }) => {
    const fields = new Map(headers);
    return [to, fields.get('List-Unsubscribe'), fields.get('List-Unsubscribe-Post')];
  });
  const click = 'List-Unsubscribe=One-Click';
  expect(seen).toEqual([
    [['alice@example.org'], `<${PUBLIC_URL}/v1/digest/alice.signed>`, click],
    [['carl@phys.example.org'], `<${PUBLIC_URL}/v1/digest/carl@phys.example.org.signed>`, click],
    [['root@example.org', 'ops@example.org'], undefined, undefined],
  ]);
  const turned = composeNoticeMail(noticeOf({ subject: 'idle:\u202e\r\n job 7' }), {
    to: 'a@b',
    from: 'c@d',
  });
  expect(turned.subject).toBe('idle:\ufffd job 7');
  expect(new Map(server.taken[0]!.headers).get('Subject')).toMatch(/^The week x{191}$/);
});
