import { expect, test } from 'bun:test';
import { oidcClient } from '../../../src/access/oidc.ts';
import { localPath } from '../../../src/domain/sign-in.ts';
import { LOCAL_SITE, type Site } from '../../../src/domain/site.ts';
import { CLIENT, identityProvider } from '../../help/identity-provider.ts';
import { startService } from '../../help/service.ts';

const CALLBACK = '/v1/oidc/callback';

/** A service whose people sign in at a provider, where everybody is alice of hpc-admins. */
async function start(site: Site = LOCAL_SITE, base = `http://localhost`) {
  const provider = await identityProvider({
    redirectUri: `${base}${CALLBACK}`,
    claims: { preferred_username: 'alice', groups: ['hpc-admins'] },
  });
  const service = await startService({
    site,
    ways: [],
    provider: oidcClient({
      issuer: provider.issuer,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      scopes: 'openid',
      userClaim: 'preferred_username',
      groupClaim: 'groups',
    }),
  });
  const send = (path: string, cookie = '') =>
    service.send('GET', path, undefined, { ...(cookie && { cookie }), host: 'localhost' });
  return {
    ...service,
    send,
    /** Opens the page to sign in and goes to the provider; returns what the browser then asks for. */
    async leave(query = '') {
      const first = await send(`/v1/oidc/sign-in${query}`);
      const [set = ''] = first.headers.getSetCookie();
      const back = await provider.signIn(new URL(first.headers.get('location')!));
      return { first, set, cookie: set.split(';')[0]!, path: back.href.slice(back.origin.length) };
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** The value that an answer sets a cookie to, as a browser sends it. */
const cookieOf = (headers: Headers, name: string): string | undefined =>
  headers
    .getSetCookie()
    .map((line) => line.split(';')[0]!)
    .find((pair) => pair.startsWith(`${name}=`));

test('a browser that signs in at the provider gets a session, and the page that it wanted', async () => {
  await using service = await start();
  const { first, set, cookie, path } = await service.leave('?return_to=/swagger%23jobs');
  expect(first.status).toBe(303);
  expect(set).toMatch(/^hpc_observe_sign_in=[\w-]+; Max-Age=600; Path=\/v1\/oidc; HttpOnly; SameSite=Lax$/);
  const back = await service.send(path, cookie);
  expect([back.status, back.headers.get('location')]).toEqual([303, '/swagger#jobs']);
  expect(cookieOf(back.headers, 'hpc_observe_sign_in')).toBe('hpc_observe_sign_in=');
  const who = await service.send('/v1/whoami', cookieOf(back.headers, 'hpc_observe_session'));
  expect(who.json).toMatchObject({ name: 'alice', proof: 'oidc', role: 'user', sees: 'own' });
});

test('an answer of the provider is worth nothing in another browser, and once in its own', async () => {
  await using service = await start();
  const mine = await service.leave();
  const other = await service.leave();
  expect((await service.send(mine.path)).status).toBe(401);
  expect((await service.send(mine.path, other.cookie)).status).toBe(401);
  expect((await service.send(mine.path, 'hpc_observe_sign_in=e30')).status).toBe(401);
  expect((await service.send(mine.path, mine.cookie)).status).toBe(303);
  expect((await service.send(mine.path, mine.cookie)).status).toBe(401);
});

test('behind a proxy everything is under the public URL, with Secure cookies', async () => {
  const site = { ...LOCAL_SITE, publicOrigin: 'https://portal.example.org', basePath: '/hpc-observe' };
  await using service = await start(site, 'https://portal.example.org/hpc-observe');
  const { first, set, cookie, path } = await service.leave();
  expect(new URL(first.headers.get('location')!).searchParams.get('redirect_uri')).toBe(
    'https://portal.example.org/hpc-observe/v1/oidc/callback',
  );
  expect(set).toEndWith('; Path=/hpc-observe/v1/oidc; HttpOnly; SameSite=Lax; Secure');
  const back = await service.send(path, cookie);
  expect([back.status, back.headers.get('location')]).toEqual([303, '/hpc-observe/']);
});

test('signing out leads to the provider, and from there back', async () => {
  await using service = await start();
  const { status, headers } = await service.send('/v1/oidc/sign-out');
  const url = new URL(headers.get('location')!);
  expect([status, url.searchParams.get('post_logout_redirect_uri')]).toEqual([303, 'http://localhost/']);
});

test('without a provider there is no way to sign in at one', async () => {
  await using service = await startService({ ways: [] });
  for (const path of ['/v1/oidc/sign-in', CALLBACK, '/v1/oidc/sign-out'])
    expect((await service.send('GET', path)).status).toBe(404);
});

test.each([
  ['/jobs/1?run=2#top', '/jobs/1?run=2#top'],
  ['/', '/'],
  ['//evil.example.org', '/'],
  ['/\\evil.example.org', '/'],
  ['/a\\b', '/'],
  ['https://evil.example.org', '/'],
  ['javascript:alert(1)', '/'],
  ['jobs', '/'],
  ['/a\nSet-Cookie: x', '/'],
  ['/ä', '/'],
  [`/${'a'.repeat(2000)}`, '/'],
  ['', '/'],
  [null, '/'],
])('after signing in at %j a browser is led to %j', (wanted, path) => {
  expect(localPath(wanted)).toBe(path);
});
