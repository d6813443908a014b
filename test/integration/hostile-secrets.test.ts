import { expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecret, SESSION_PREFIX } from '../../src/access/secret.ts';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { CLIENT, identityProvider } from '../help/identity-provider.ts';
import { freePorts } from '../help/port.ts';

// Secrets of every kind are used, refused and misplaced at level debug; none of them may be found afterwards
// in what the service writes, answers or shows to other users of the machine.

test('no secret is in the log, the metrics, the database, an answer to somebody else, or the process list', async () => {
  using folder = temporaryFolder();
  const [port] = (await freePorts(1)) as [number];
  const url = `http://127.0.0.1:${port}`;
  await using provider = await identityProvider({
    redirectUri: `${url}/v1/oidc/callback`,
    claims: { preferred_username: 'alice' },
  });
  writeFileSync(folder.file('oidc.secret'), CLIENT.secret, { mode: 0o600 });
  const oidc = ['--oidc-issuer', provider.issuer, '--oidc-client-id', CLIENT.id];
  const args = [...oidc, '--oidc-secret-file', folder.file('oidc.secret')];
  await using server = await serve({
    folder: folder.path,
    args: ['--listen', `127.0.0.1:${port}`, '--log-level', 'debug', ...args],
  });

  const answers: string[] = [];
  /** What is in the answer goes to nobody but the sender if `isOwn`. */
  async function send(method: string, path: string, headers: Record<string, string> = {}, isOwn = false) {
    const answer = await fetch(`${url}${path}`, { method, headers, redirect: 'manual' });
    const text = await answer.text();
    if (!isOwn) answers.push(text, JSON.stringify([...answer.headers]));
    return { text, headers: answer.headers, json: text.startsWith('{') ? JSON.parse(text) : {} };
  }

  const session: string = (await send('POST', '/v1/sessions', {}, true)).json.token;
  const link: string = (await send('POST', '/v1/sessions/links', {}, true)).json.url;
  const opened = await send('GET', new URL(link).pathname, {}, true);
  const [cookie = ''] = /hpos_\w+/.exec(opened.headers.getSetCookie().join()) ?? [];
  const start = await send('GET', '/v1/oidc/sign-in', {}, true);
  const pending = start.headers.getSetCookie()[0]!.split(';')[0]!;
  const back = await provider.signIn(new URL(start.headers.get('location')!));
  const code = back.searchParams.get('code')!;
  const signedIn = await send('GET', back.pathname + back.search, { cookie: pending }, true);
  const [oidcSession = ''] = /hpos_\w+/.exec(signedIn.headers.getSetCookie().join()) ?? [];
  const linkSecret = new URL(link).pathname.split('/').at(-1)!;
  const munge = `MUNGE:${'QWxhZGRpbjpvcGVuIHNlc2FtZQ'.repeat(4)}==:`;
  const guess = createSecret(SESSION_PREFIX);
  const secrets = { session, linkSecret, cookie, code, oidcSession, guess, munge, client: CLIENT.secret };
  for (const [kind, secret] of Object.entries(secrets))
    expect([kind, secret.length > 10]).toEqual([kind, true]);

  // Once more where they are worth nothing, and in places where they do not belong.
  for (const path of [new URL(link).pathname, back.pathname + back.search]) {
    await send('GET', path);
    await send('DELETE', path);
    await send('GET', `${path}/x`);
    await send('GET', path, { cookie: pending });
  }
  for (const secret of [session, cookie, oidcSession, guess]) {
    for (const headers of [
      { authorization: `Bearer ${secret}` },
      { authorization: `bearer ${secret} x` },
      { authorization: secret },
      { cookie: `hpc_observe_session=${secret}` },
      { cookie: `hpc_observe_session=${secret}; hpc_observe_session=${guess}` },
    ] as Record<string, string>[]) {
      await send('GET', '/v1/jobs', headers);
      await send('POST', '/v1/jobs', { ...headers, 'content-type': 'application/json' });
      await send('GET', '/nowhere', headers);
    }
    await send('GET', `/v1/sign-in/${secret}`);
    await send('POST', `/v1/slurm/jobcomp/${secret}`);
    await send('GET', `/v1/slurm/jobcomp/${secret}`);
    await send('DELETE', `/v1/tokens/${secret}`);
    await send('GET', `/V1/SIGN-IN/${secret}`);
    await send('GET', `/v1/sign-in/${secret.replace('_', '%5f')}`);
  }
  await send('GET', '/v1/jobs', { authorization: `Munge ${munge}` });
  for (const path of ['/metrics', '/v1/audit', '/v1/tokens', '/v1/whoami', '/swagger/json'])
    await send('GET', path);
  const config = await runExecutable(['config', ...args], { folder: folder.path });
  expect(config.exitCode).toBe(0);

  const databases = readdirSync(folder.path).filter((name) => name.startsWith('hpc-observe.db'));
  expect(databases.length).toBeGreaterThan(1);
  const places = {
    log: server.errors(),
    greeting: server.greeting,
    answers: answers.join('\n'),
    config: config.stdout + config.stderr,
    database: databases.map((name) => readFileSync(join(folder.path, name), 'latin1')).join('\n'),
    'command line': readFileSync(`/proc/${server.pid}/cmdline`, 'latin1'),
  };
  expect(places.log).toContain('"route":"/v1/sign-in/:secret"');
  for (const [place, text] of Object.entries(places)) {
    for (const [kind, secret] of Object.entries(secrets))
      expect([place, kind, text.includes(secret.slice(6, 30))]).toEqual([place, kind, false]);
  }
}, 30_000);
