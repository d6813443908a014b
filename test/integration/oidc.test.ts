import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { CLIENT, identityProvider } from '../help/identity-provider.ts';
import { freePorts } from '../help/port.ts';

test('a browser signs in at the provider and out again, and its group gives the role', async () => {
  using folder = temporaryFolder();
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  await using provider = await identityProvider({
    redirectUri: `${url}/v1/oidc/callback`,
    claims: { preferred_username: 'alice', groups: ['hpc-support'] },
  });
  writeFileSync(folder.file('secret'), `${CLIENT.secret}\n`, { mode: 0o600 });
  const args = ['--listen', `127.0.0.1:${port}`, '--viewers', '@hpc-support'];
  await using server = await serve({
    folder: folder.path,
    args: [...args, '--oidc-issuer', provider.issuer, '--oidc-secret-file', folder.file('secret')],
  });
  const open = (path: string, cookie = '') =>
    fetch(path.startsWith('http') ? path : `${url}${path}`, { redirect: 'manual', headers: { cookie } });
  const cookieOf = (answer: Response, name: string) =>
    answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0]!)
      .find((pair) => pair.startsWith(`${name}=`))!;

  const left = await open('/v1/oidc/sign-in');
  const answer = await provider.signIn(new URL(left.headers.get('location')!));
  const back = await open(answer.href, cookieOf(left, 'hpc_observe_sign_in'));
  expect([back.status, back.headers.get('location')]).toEqual([303, '/']);
  const session = cookieOf(back, 'hpc_observe_session');
  const who = await open('/v1/whoami', session);
  expect(await who.json()).toMatchObject({ name: 'alice', proof: 'oidc', role: 'viewer', sees: 'all' });

  const out = await fetch(`${url}/v1/sessions/current`, { method: 'DELETE', headers: { cookie: session } });
  expect(out.status).toBe(204);
  expect((await open('/v1/whoami', session)).status).toBe(401);
  for (const secret of [CLIENT.secret, session.split('=')[1]!, answer.searchParams.get('code')!])
    expect(server.errors()).not.toContain(secret);
});

test('a provider without the secret, or without https, is refused at the start', async () => {
  using folder = temporaryFolder();
  const start = (...args: string[]) =>
    runExecutable(['serve', '--port', '0', '--slurm', 'off', ...args], { folder: folder.path });
  const noSecret = await start('--oidc-issuer', 'https://idp.example.org');
  expect([noSecret.exitCode, noSecret.stderr]).toEqual([1, expect.stringContaining('--oidc-secret-file')]);
  const noTls = await start('--oidc-issuer', 'http://idp.example.org');
  expect([noTls.exitCode, noTls.stderr]).toEqual([1, expect.stringContaining('must be an https:// address')]);
});
