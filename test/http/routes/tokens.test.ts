import { expect, test } from 'bun:test';
import { countAttempts } from '../../../src/access/attempts.ts';
import { createSecret, TOKEN_PREFIX } from '../../../src/access/secret.ts';
import type { Identity } from '../../../src/domain/caller.ts';
import { LOCAL_SITE, type Site } from '../../../src/domain/site.ts';
import type { Refuse } from '../../../src/http/response/errors.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { startService } from '../../help/service.ts';

const ROOT: Identity = { name: 'root', uid: 0, proof: 'kernel', isLocal: true };

/** A service to which a request is root's if it has no token, unless `isLocal` is false. */
async function startWithTokens({
  isLocal = true,
  refuse,
  site = LOCAL_SITE,
}: {
  isLocal?: boolean;
  refuse?: Refuse;
  site?: Site;
} = {}) {
  const service = await startService({ ways: isLocal ? [() => ROOT] : [], site, ...(refuse && { refuse }) });
  return Object.assign(service, {
    /** Creates a token and returns it. */
    create: async (name: string, role: 'viewer' | 'ingest' | 'admin', expiresMs?: number): Promise<string> =>
      (await service.tokens.create({ name, role, ...(expiresMs !== undefined && { expiresMs }) }, ROOT))
        .secret,
    as: (secret: string) => (method: string, path: string, body?: unknown) =>
      service.send(method, path, body, { authorization: `Bearer ${secret}` }),
  });
}

const GRAFANA = { name: 'grafana', role: 'viewer' };

test('the life of a token: it is shown once, listed without itself, used, and revoked', async () => {
  await using service = await startWithTokens();
  const created = await service.send('POST', '/v1/tokens', { ...GRAFANA, expires: '2026-04-20T12:00:00Z' });
  const fields = {
    ...GRAFANA,
    created: '2026-01-20T12:00:00.000Z',
    created_by: 'root',
    expires: '2026-04-20T12:00:00.000Z',
  };
  const { token, ...rest } = created.json;
  expect([created.status, rest]).toEqual([201, fields]);
  expect(token).toMatch(/^hpo_[0-9A-Za-z]{42}$/);
  expect(created.headers.get('cache-control')).toBe('no-store');

  expect((await service.send('GET', '/v1/tokens')).json).toEqual({ tokens: [fields] });
  service.clock.advance(MINUTE_MS);
  const asGrafana = service.as(token);
  expect((await asGrafana('GET', '/v1/jobs')).status).toBe(200);
  const listed = await service.send('GET', '/v1/tokens');
  expect(listed.json).toEqual({ tokens: [{ ...fields, last_used: '2026-01-20T12:01:00.000Z' }] });
  expect(listed.text).not.toContain(token.slice(4));

  expect((await service.send('DELETE', '/v1/tokens/grafana')).status).toBe(204);
  const refused = await asGrafana('GET', '/v1/jobs');
  expect([refused.status, refused.json]).toEqual([
    401,
    { error: 'unauthorized', message: 'There is no such token; it may have been revoked.' },
  ]);
  expect((await service.send('DELETE', '/v1/tokens/grafana')).status).toBe(404);
  expect((await service.send('GET', '/v1/tokens')).json).toEqual({ tokens: [] });
});

test.each([
  ['viewer', { 'GET /v1/jobs': 200, 'POST /v1/samples': 403, 'POST /v1/jobs': 403, 'GET /v1/tokens': 403 }],
  ['ingest', { 'GET /v1/jobs': 403, 'POST /v1/samples': 400, 'POST /v1/jobs': 403, 'GET /v1/audit': 403 }],
  ['admin', { 'GET /v1/jobs': 200, 'POST /v1/samples': 400, 'POST /v1/jobs': 400, 'GET /v1/tokens': 200 }],
] as const)('a token of the role %s may do what that role may', async (role, expected) => {
  await using service = await startWithTokens();
  const send = service.as(await service.create('t', role));
  const answers = await Promise.all(
    Object.keys(expected).map(async (endpoint) => {
      const [method, path] = endpoint.split(' ') as [string, string];
      return [endpoint, (await send(method, path, method === 'POST' ? {} : undefined)).status] as const;
    }),
  );
  expect(Object.fromEntries(answers)).toEqual(expected);
});

test('only administrators see tokens and the audit record, and strangers are asked who they are', async () => {
  await using service = await startWithTokens({ isLocal: false });
  const requests = [
    ['GET', '/v1/tokens'],
    ['POST', '/v1/tokens'],
    ['DELETE', '/v1/tokens/a'],
    ['GET', '/v1/audit'],
  ] as const;
  const viewer = service.as(await service.create('v', 'viewer'));
  for (const [method, path] of requests) {
    const body = method === 'POST' ? GRAFANA : undefined;
    expect((await service.send(method, path, body)).status).toBe(401);
    expect((await viewer(method, path, body)).status).toBe(403);
  }
});

test('an expired, a mistyped and a foreign token are refused with the reason, also on the machine itself', async () => {
  await using service = await startWithTokens();
  const expired = await service.create('e', 'viewer', service.clock.now() + 1);
  service.clock.advance(1);
  const wrong: [secret: string, says: string][] = [
    [expired, 'has expired'],
    [`${expired.slice(0, -1)}${expired.endsWith('x') ? 'y' : 'x'}`, 'mistyped'],
    ['ghp_abc', 'begin with hpo_'],
    [createSecret(TOKEN_PREFIX), 'no such token'],
  ];
  for (const [secret, says] of wrong) {
    for (const path of ['/v1/jobs', '/v1/health', '/metrics']) {
      const { status, json, text } = await service.as(secret)('GET', path);
      expect([status, json?.message]).toEqual([401, expect.stringContaining(says)]);
      expect(text).not.toContain(secret);
    }
  }
});

test.each([
  [{ ...GRAFANA, role: 'user' }, 'role must be one of viewer, ingest, admin'],
  [{ ...GRAFANA, role: undefined }, 'role is required'],
  [{ ...GRAFANA, name: undefined }, 'name is required'],
  [{ ...GRAFANA, name: '' }, 'name must have 1 to 256 characters'],
  [{ ...GRAFANA, name: 'a\nb' }, 'control character'],
  [{ ...GRAFANA, name: '..' }, 'name must not be "."'],
  [{ ...GRAFANA, name: 'hpo_abc' }, 'not the token itself'],
  [{ ...GRAFANA, expires: '90d' }, 'expires must be an ISO 8601 time'],
  [{ ...GRAFANA, expires: '2026-01-20T12:00:00Z' }, 'expires must be in the future'],
  [{ ...GRAFANA, expires: 5 }, 'expires must be a string'],
  [{ ...GRAFANA, hash: 'x' }, 'hash is not a known field'],
])('the token %j is refused', async (body, says) => {
  await using service = await startWithTokens();
  const { status, json } = await service.send('POST', '/v1/tokens', body);
  expect([status, json.error]).toEqual([400, 'validation_error']);
  expect(json.message).toContain(says);
  expect(service.tokens.list()).toEqual([]);
});

test('a name is taken until its token is revoked, and any name can stand in the path', async () => {
  await using service = await startWithTokens();
  const body = { name: 'a/b ?#%ö', role: 'ingest' };
  const statuses = [
    (await service.send('POST', '/v1/tokens', body)).status,
    (await service.send('POST', '/v1/tokens', body)).status,
    (await service.send('DELETE', `/v1/tokens/${encodeURIComponent(body.name)}`)).status,
    (await service.send('POST', '/v1/tokens', { ...body, expires: null })).status,
  ];
  expect(statuses).toEqual([201, 409, 204, 201]);
});

test('a token in place of its name is refused, and the message does not repeat it', async () => {
  await using service = await startWithTokens();
  const secret = await service.create('a', 'viewer');
  const { status, text } = await service.send('DELETE', `/v1/tokens/${secret}`);
  expect(status).toBe(400);
  expect(text).not.toContain(secret);
});

test('the audit record has who created and revoked tokens and deleted jobs, in pages, newest first', async () => {
  await using service = await startWithTokens();
  const ops = service.as(await service.create('ops', 'admin'));
  await service.send('POST', '/v1/jobs', { id: 'j', user: 'alice', nodes: ['n1'] });
  service.clock.advance(MINUTE_MS);
  await ops('DELETE', '/v1/jobs/j');
  await ops('POST', '/v1/tokens', GRAFANA);
  await service.send('DELETE', '/v1/tokens/grafana');
  const all = (await service.send('GET', '/v1/audit')).json.entries;
  const later = { time: '2026-01-20T12:01:00.000Z' };
  expect(all).toEqual([
    { number: 4, ...later, caller: 'root', proof: 'kernel', action: 'token_revoked', subject: 'grafana' },
    { number: 3, ...later, caller: 'ops', proof: 'token', action: 'token_created', subject: 'grafana' },
    { number: 2, ...later, caller: 'ops', proof: 'token', action: 'job_deleted', subject: 'j' },
    {
      ...{ number: 1, time: '2026-01-20T12:00:00.000Z', caller: 'root', proof: 'kernel' },
      ...{ action: 'token_created', subject: 'ops' },
    },
  ]);
  const pages = [];
  for (let before = ''; pages.length < 3; ) {
    const { entries } = (await service.send('GET', `/v1/audit?limit=3${before}`)).json;
    pages.push(entries);
    if (entries.length < 3) break;
    before = `&before=${entries.at(-1).number}`;
  }
  expect(pages).toEqual([all.slice(0, 3), all.slice(3)]);
});

test.each(['limit=0', 'limit=1001', 'before=0', 'before=x', 'after=1'])(
  'the audit record with %s is refused',
  async (query) => {
    await using service = await startWithTokens();
    const { status, json } = await service.send('GET', `/v1/audit?${query}`);
    expect([status, json.error]).toEqual([400, 'validation_error']);
  },
);

const COMPLETION = {
  ...{ jobid: 4712, username: 'alice', nodes: 'node01', state: 'COMPLETED', exit_code: '0:0' },
  ...{ '@submit': '2026-01-20T09:59:00', '@start': '2026-01-20T10:00:00', '@end': '2026-01-20T11:30:00' },
};

test('a completion with a token of the role ingest in its path is stored, with any other it is refused', async () => {
  await using service = await startWithTokens({ isLocal: false });
  const ingest = await service.create('slurmctld', 'ingest');
  const post = async (secret: string, headers = {}) =>
    (await service.send('POST', `/v1/slurm/jobcomp/${secret}`, COMPLETION, headers)).status;
  const admin = await service.create('ops', 'admin');
  const statuses = [
    await post(createSecret(TOKEN_PREFIX)),
    await post('x'),
    await post(admin),
    await post(await service.create('v', 'viewer')),
    // The header is not asked: whoever sends a token in the path means that one.
    await post('x', { authorization: `Bearer ${admin}` }),
    await post(ingest),
  ];
  expect(statuses).toEqual([401, 401, 401, 401, 401, 200]);
  expect((await service.store.getJob('4712')).state).toBe('completed');
  expect((await service.send('POST', '/v1/slurm/jobcomp', COMPLETION)).status).toBe(401);
});

test('a token in a path is no token on any other path', async () => {
  await using service = await startWithTokens({ isLocal: false });
  const secret = await service.create('i', 'ingest');
  for (const path of [
    '/v1/jobs',
    `/v1/jobs/${secret}`,
    `/v1/samples/${secret}`,
    `/v1/samples?token=${secret}`,
  ])
    expect([401, 404, 405]).toContain((await service.send('POST', path, {})).status);
});

test('no answer, metric or line of the log repeats the token of a path', async () => {
  await using service = await startWithTokens({ isLocal: false });
  const secret = await service.create('slurmctld', 'ingest');
  const path = `/v1/slurm/jobcomp/${secret}`;
  const answers = [
    await service.send('POST', path, COMPLETION),
    await service.send('POST', path, '{"broken'),
    await service.send('POST', path, 'x', { 'content-type': 'text/plain' }),
    await service.send('GET', path),
    await service.send('DELETE', path),
    await service.send('POST', `${path}/more`, {}),
    await service.send('POST', `/v1/elsewhere/${secret}`, {}),
    await service.send('POST', `${path}%zz`, {}),
    await service.send('POST', `/V1/Slurm/JobComp/${secret.toUpperCase()}`, {}),
    await service.send('POST', `${path}x`, COMPLETION),
  ];
  await service.store.close();
  answers.push(await service.send('POST', path, COMPLETION));
  expect(answers.map(({ status }) => status)).toEqual([
    200, 400, 415, 405, 405, 404, 404, 404, 404, 401, 503,
  ]);
  const seen = JSON.stringify([answers.map(({ text }) => text), service.logged, service.requests]);
  expect(seen.toLowerCase()).not.toContain(secret.slice(4, 14).toLowerCase());
  expect(service.requests.map(({ route }) => route)).toContain('/v1/slurm/jobcomp/:token');
});

test('after 20 bad tokens in a minute the next are 429, a valid one is accepted even so, and the log has no token', async () => {
  const lines: Record<string, unknown>[] = [];
  const attempts = countAttempts({
    now: () => 0,
    warn: (event, fields) => void lines.push({ event, ...fields }),
    observe: () => {},
    later: () => {},
  });
  await using service = await startWithTokens({
    refuse: async (refusal) => attempts.refuse(refusal, '10.0.0.5'),
  });
  const good = service.as(await service.create('grafana', 'viewer'));
  const guesses = Array.from({ length: 25 }, () => createSecret(TOKEN_PREFIX));
  const answers = [];
  for (const guess of guesses) answers.push(await service.as(guess)('GET', '/v1/jobs'));
  expect(answers.map(({ status }) => status)).toEqual([...Array(20).fill(401), ...Array(5).fill(429)]);
  const { json, headers } = answers.at(-1)!;
  expect(json).toEqual({
    error: 'too_many_requests',
    message: expect.stringContaining('a valid one is accepted at any time'),
  });
  expect(headers.get('retry-after')).toBe('60');
  expect((await good('GET', '/v1/jobs')).status).toBe(200);
  // Whoever shows no credential is no attempt.
  expect((await service.send('GET', '/v1/jobs')).status).toBe(200);
  const seen = JSON.stringify([lines, service.logged, answers.map(({ text }) => text)]);
  for (const guess of guesses) expect(seen).not.toContain(guess.slice(4, 16));
});

test('under the path of a portal a token in a path is valid too, and is repeated nowhere', async () => {
  await using service = await startWithTokens({
    isLocal: false,
    site: { ...LOCAL_SITE, basePath: '/observe' },
  });
  const secret = await service.create('slurmctld', 'ingest');
  const path = `/observe/v1/slurm/jobcomp/${secret}`;
  const answers = [
    await service.send('POST', path, COMPLETION),
    await service.send('GET', path),
    await service.send('POST', `${path}/more`, {}),
    await service.send('POST', `/observe/v1/slurm/jobcomp/${createSecret(TOKEN_PREFIX)}`, COMPLETION),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 405, 404, 401]);
  const seen = JSON.stringify([answers.map(({ text }) => text), service.logged, service.requests]);
  expect(seen).not.toContain(secret.slice(4, 14));
});

test('while the service is open to everybody nobody makes a token, which would outlive that', async () => {
  await using service = await startService();
  const { status, json } = await service.send('POST', '/v1/tokens', { name: 'mine', role: 'admin' });
  expect([status, json.error, json.message]).toEqual([403, 'forbidden', expect.stringContaining('--open')]);
  expect(service.tokens.list()).toEqual([]);
});
