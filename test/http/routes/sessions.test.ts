import { expect, test } from 'bun:test';
import type { Way } from '../../../src/access/way.ts';
import type { Identity } from '../../../src/domain/caller.ts';
import { startService } from '../../help/service.ts';

/** People whom the kernel would know, by a header that only this test believes. */
const PEOPLE: Record<string, Identity> = {
  alice: { name: 'alice', uid: 1000, proof: 'kernel', isLocal: true },
  root: { name: 'root', uid: 0, proof: 'kernel', isLocal: true },
  node: { name: 'root', uid: 0, proof: 'munge', isLocal: false },
  carol: { name: 'carol', proof: 'oidc', isLocal: false, role: 'admin', groups: ['hpc'] },
  grafana: { name: 'grafana', proof: 'token', isLocal: false, role: 'viewer' },
};
const byHeader: Way = ({ request }) => PEOPLE[request.headers.get('x-person') ?? ''];

const start = () => startService({ ways: [byHeader] });
type Service = Awaited<ReturnType<typeof start>>;

const as = (person: string) => ({ 'x-person': person });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

async function startSession({ send }: Service, person: string): Promise<string> {
  const { status, json, headers } = await send('POST', '/v1/sessions', undefined, as(person));
  expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
  return json.token;
}

async function link({ send }: Service, person: string): Promise<string> {
  const { status, json } = await send('POST', '/v1/sessions/links', undefined, as(person));
  expect([status, json.expires]).toEqual([201, '2026-01-20T12:01:00.000Z']);
  return new URL(json.url).pathname;
}

const HOURS_12 = 12 * 3_600_000;

test('a proof is exchanged for a session of 12 hours, which proves the same later', async () => {
  await using service = await start();
  const answer = await service.send('POST', '/v1/sessions', undefined, as('alice'));
  expect(answer.json).toEqual({
    token: expect.stringMatching(/^hpos_[0-9A-Za-z]{40,}$/),
    expires: '2026-01-21T00:00:00.000Z',
  });
  const who = await service.send('GET', '/v1/whoami', undefined, bearer(answer.json.token));
  expect(who.json).toMatchObject({
    name: 'alice',
    uid: 1000,
    proof: 'kernel',
    role: 'user',
    sees: 'own',
    session_ends: '2026-01-21T00:00:00.000Z',
  });
  service.clock.advance(HOURS_12 - 1);
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(answer.json.token))).status).toBe(200);
  service.clock.advance(1);
  const late = await service.send('GET', '/v1/whoami', undefined, bearer(answer.json.token));
  expect([late.status, late.json.message]).toEqual([401, expect.stringContaining('has ended')]);
});

test('a session has the role that the rules give it at each request, not that of its start', async () => {
  await using service = await start();
  const local = await startSession(service, 'root');
  const remote = await startSession(service, 'node');
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(local))).json.role).toBe('admin');
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(remote))).json.role).toBe('ingest');
  const carol = await startSession(service, 'carol');
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(carol))).json.role).toBe('user');
  const { sessions } = await service.store.loadAccess(service.clock.now());
  expect(sessions.map(({ identity }) => Object.keys(identity).sort().join()).sort()).toEqual([
    'groups,isLocal,name,proof',
    'isLocal,name,proof,uid',
    'isLocal,name,proof,uid',
  ]);
});

test('only the hash of a session is stored', async () => {
  await using service = await start();
  const secret = await startSession(service, 'alice');
  const { sessions } = await service.store.loadAccess(service.clock.now());
  expect(sessions.map(({ hash }) => hash)).toEqual([
    new Bun.CryptoHasher('sha256').update(secret).digest('hex'),
  ]);
});

test.each([
  ['nobody', {}, 401],
  ['a token', as('grafana'), 403],
])('%s cannot start a session or create a link', async (_, headers, status) => {
  await using service = await start();
  for (const path of ['/v1/sessions', '/v1/sessions/links'])
    expect((await service.send('POST', path, undefined, headers)).status).toBe(status);
});

test('a session cannot start another one, so that a stolen one ends', async () => {
  await using service = await start();
  const secret = await startSession(service, 'alice');
  for (const path of ['/v1/sessions', '/v1/sessions/links']) {
    const { status, json } = await service.send('POST', path, undefined, bearer(secret));
    expect([status, json.message]).toEqual([403, expect.stringContaining('cannot start another one')]);
  }
});

test('a session that was made up, or changed by a letter, is refused, and no other way is tried', async () => {
  await using service = await start();
  const secret = await startSession(service, 'alice');
  const last = secret.at(-1) === 'A' ? 'B' : 'A';
  for (const bad of [
    `${secret.slice(0, -1)}${last}`,
    'hpos_',
    `hpos_${'a'.repeat(42)}`,
    secret.toLowerCase(),
  ]) {
    const { status, json } = await service.send('GET', '/v1/whoami', undefined, {
      ...bearer(bad),
      ...as('root'),
    });
    expect([bad, status]).toEqual([bad, 401]);
    expect(json.message).not.toContain(bad);
  }
});

test('signing out ends the session at once, and only this one', async () => {
  await using service = await start();
  const [one, other] = [await startSession(service, 'alice'), await startSession(service, 'alice')];
  const answer = await service.send('DELETE', '/v1/sessions/current', undefined, bearer(one));
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([
    204,
    'hpc_observe_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
  ]);
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(one))).status).toBe(401);
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(other))).status).toBe(200);
  const without = await service.send('DELETE', '/v1/sessions/current', undefined, as('alice'));
  expect([without.status, without.json.error]).toEqual([404, 'not_found']);
});

test('an administrator ends all sessions of a user, and nobody else can', async () => {
  await using service = await start();
  const own = [await startSession(service, 'alice'), await startSession(service, 'alice')];
  const other = await startSession(service, 'root');
  const path = '/v1/sessions?user=alice';
  expect((await service.send('DELETE', path, undefined, as('alice'))).status).toBe(403);
  const answer = await service.send('DELETE', path, undefined, as('root'));
  expect([answer.status, answer.json]).toEqual([200, { ended: 2 }]);
  for (const secret of own)
    expect((await service.send('GET', '/v1/whoami', undefined, bearer(secret))).status).toBe(401);
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(other))).status).toBe(200);
  expect((await service.send('DELETE', path, undefined, as('root'))).json).toEqual({ ended: 0 });
  for (const bad of ['/v1/sessions', '/v1/sessions?user=', '/v1/sessions?user=a&user=b'])
    expect((await service.send('DELETE', bad, undefined, as('root'))).json.error).toBe('validation_error');
});

test('starts, ends and revocations are in the audit record, without secrets', async () => {
  await using service = await start();
  const secret = await startSession(service, 'alice');
  await service.send('DELETE', '/v1/sessions/current', undefined, bearer(secret));
  const second = await startSession(service, 'alice');
  await service.send('DELETE', '/v1/sessions?user=alice', undefined, as('root'));
  const entries = await service.store.listAudit({ limit: 10 });
  expect(entries.map(({ caller, action, subject }) => [caller, action, subject])).toEqual([
    ['root', 'sessions_revoked', 'alice'],
    ['alice', 'session_started', 'alice'],
    ['alice', 'session_ended', 'alice'],
    ['alice', 'session_started', 'alice'],
  ]);
  for (const one of [secret, second]) expect(JSON.stringify(entries)).not.toContain(one);
});

test('sessions that the store ends for their number are refused', async () => {
  await using service = await start();
  const first = await startSession(service, 'alice');
  for (let count = 0; count < 100; count++) {
    service.clock.advance(1);
    await startSession(service, 'alice');
  }
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(first))).status).toBe(401);
}, 30_000);

test('the agents of a large cluster, which are all root, keep their sessions, also when root signs in', async () => {
  await using service = await start();
  const first = await startSession(service, 'node');
  for (let count = 0; count < 150; count++) {
    service.clock.advance(1);
    await startSession(service, 'node');
  }
  const { json } = await service.send('POST', '/v1/sessions/links', undefined, as('root'));
  expect((await service.send('GET', new URL(json.url).pathname)).status).toBe(303);
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(first))).status).toBe(200);
}, 30_000);

test('while the disk is full no session starts, and one that ends is refused all the same', async () => {
  await using service = await start();
  const secret = await startSession(service, 'alice');
  await service.store.close();
  expect((await service.send('POST', '/v1/sessions', undefined, as('alice'))).status).toBe(503);
  expect((await service.send('DELETE', '/v1/sessions/current', undefined, bearer(secret))).status).toBe(503);
  expect((await service.send('GET', '/v1/whoami', undefined, bearer(secret))).status).toBe(401);
});

test('a link signs a browser in by a cookie, once', async () => {
  await using service = await start();
  const path = await link(service, 'alice');
  const opened = await service.send('GET', path);
  expect([opened.status, opened.headers.get('location'), opened.headers.get('cache-control')]).toEqual([
    303,
    '../../',
    'no-store',
  ]);
  const cookie = opened.headers.get('set-cookie')!;
  expect(cookie).toMatch(
    /^hpc_observe_session=hpos_[0-9A-Za-z]{40,}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const shown = { cookie: `theme=dark; ${cookie.split(';')[0]}` };
  expect((await service.send('GET', '/v1/whoami', undefined, shown)).json).toMatchObject({
    name: 'alice',
    session_ends: '2026-01-21T00:00:00.000Z',
  });
  const again = await service.send('GET', path);
  expect([again.status, again.headers.get('set-cookie')]).toEqual([401, null]);
  expect(again.json.message).toContain('was used before, or is older than a minute');
});

test('a link can be opened for a minute', async () => {
  await using service = await start();
  const [one, other] = [await link(service, 'alice'), await link(service, 'alice')];
  service.clock.advance(59_999);
  expect((await service.send('GET', one)).status).toBe(303);
  service.clock.advance(1);
  expect((await service.send('GET', other)).status).toBe(401);
});

test('HEAD does not use a link up', async () => {
  await using service = await start();
  const path = await link(service, 'alice');
  const head = await service.send('HEAD', path);
  expect([head.status, head.headers.get('set-cookie')]).toEqual([200, null]);
  expect((await service.send('GET', path)).status).toBe(303);
});

test('a page of another site can neither sign its reader in nor use the link up', async () => {
  await using service = await start();
  const path = await link(service, 'alice');
  for (const fetchSite of ['cross-site', 'same-site']) {
    const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const led = await service.send('GET', path, undefined, { 'sec-fetch-site': fetchSite, ...navigation });
    expect([led.status, led.headers.get('set-cookie')]).toEqual([403, null]);
    expect(led.json.message).toContain('paste it into the address bar');
  }
  expect((await service.send('GET', path, undefined, { 'sec-fetch-site': 'none' })).status).toBe(303);
});

test('a user has at most ten links that wait', async () => {
  await using service = await start();
  for (let count = 0; count < 10; count++) await link(service, 'alice');
  expect((await service.send('POST', '/v1/sessions/links', undefined, as('alice'))).status).toBe(503);
  await link(service, 'root');
  service.clock.advance(60_000);
  expect((await service.send('POST', '/v1/sessions/links', undefined, as('alice'))).status).toBe(201);
});

test('signing in ends the session that the browser had, and never takes its id over', async () => {
  await using service = await start();
  const before = await startSession(service, 'alice');
  const shown = { cookie: `hpc_observe_session=${before}` };
  const opened = await service.send('GET', await link(service, 'root'), undefined, shown);
  expect(opened.headers.get('set-cookie')).not.toContain(before);
  expect((await service.send('GET', '/v1/whoami', undefined, shown)).status).toBe(401);
  const fixed = { cookie: 'hpc_observe_session=chosen-by-somebody-else' };
  const other = await service.send('GET', await link(service, 'root'), undefined, fixed);
  expect([other.status, other.headers.get('set-cookie')]).toEqual([
    303,
    expect.not.stringContaining('chosen'),
  ]);
});

test('a cookie whose session has ended is refused and removed, so that the next request is not', async () => {
  await using service = await start();
  const shown = { cookie: `hpc_observe_session=hpos_${'x'.repeat(42)}`, ...as('alice') };
  const answer = await service.send('GET', '/v1/whoami', undefined, shown);
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([
    401,
    'hpc_observe_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
  ]);
  const posted = await service.send('POST', '/v1/jobs', {}, shown);
  expect([posted.status, posted.headers.get('set-cookie') !== null]).toEqual([401, true]);
});

test('two cookies of the name are refused, because one is of another page', async () => {
  await using service = await start();
  const [one, other] = [await startSession(service, 'alice'), await startSession(service, 'root')];
  const shown = { cookie: `hpc_observe_session=${one}; hpc_observe_session=${other}` };
  expect((await service.send('GET', '/v1/whoami', undefined, shown)).status).toBe(401);
});

test('a credential that is sent on purpose counts, and not the cookie beside it', async () => {
  await using service = await start();
  const [one, other] = [await startSession(service, 'alice'), await startSession(service, 'root')];
  const shown = { cookie: `hpc_observe_session=${one}`, ...bearer(other) };
  expect((await service.send('GET', '/v1/whoami', undefined, shown)).json.name).toBe('root');
  const munge = { cookie: `hpc_observe_session=${one}`, authorization: 'Munge MUNGE:x:', ...as('node') };
  expect((await service.send('GET', '/v1/whoami', undefined, munge)).json.proof).toBe('munge');
});
