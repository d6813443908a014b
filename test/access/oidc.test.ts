import { expect, test } from 'bun:test';
import { oidcClient, readClaims, requireIssuer } from '../../src/access/oidc.ts';
import { codeOf } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { CLIENT, identityProvider } from '../help/identity-provider.ts';

const REDIRECT = 'http://head.example.org:8080/v1/sign-in/callback';
const CLAIMS = { preferred_username: 'alice', groups: ['physics', 'hpc-admins'] };

const settings = (issuer: string) => ({
  issuer,
  clientId: CLIENT.id,
  clientSecret: CLIENT.secret,
  scopes: 'openid',
  userClaim: 'preferred_username',
  groupClaim: 'groups',
});

/** Signs in at a provider with these claims, up to the answer that the browser brings back. */
async function signIn(claims: Record<string, unknown> = CLAIMS) {
  const provider = await identityProvider({ redirectUri: REDIRECT, claims });
  const client = oidcClient(settings(provider.issuer));
  const { url, pending } = await client.start(REDIRECT, '/jobs', NOON_MS);
  const answer = await provider.signIn(url);
  return { client, pending, answer, url, [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose]() };
}

test('a person who signs in at the provider is known by name and groups', async () => {
  await using signed = await signIn();
  expect(signed.answer.href).toStartWith(`${REDIRECT}?`);
  expect(signed.pending.returnTo).toBe('/jobs');
  expect(await signed.client.finish(signed.answer, signed.pending, NOON_MS + 1000)).toEqual({
    name: 'alice',
    proof: 'oidc',
    isLocal: false,
    groups: ['physics', 'hpc-admins'],
  });
});

test('the way to the provider uses a code, PKCE, state and nonce', async () => {
  await using signed = await signIn();
  const { searchParams } = signed.url;
  expect(searchParams.get('response_type')).toBe('code');
  expect(searchParams.get('code_challenge_method')).toBe('S256');
  expect(searchParams.get('code_challenge')).not.toContain(signed.pending.verifier);
  expect(searchParams.get('state')).toBe(signed.pending.state);
  expect(searchParams.get('nonce')).toBe(signed.pending.nonce);
  expect(signed.url.href).not.toContain(CLIENT.secret);
});

test('a code is good once', async () => {
  await using signed = await signIn();
  await signed.client.finish(signed.answer, signed.pending, NOON_MS);
  expect(await codeOf(signed.client.finish(signed.answer, signed.pending, NOON_MS))).toBe('unauthorized');
});

test.each(['state', 'nonce', 'verifier'] as const)(
  'an answer to another sign-in (%s) is refused',
  async (part) => {
    await using signed = await signIn();
    const other = { ...signed.pending, [part]: 'x'.repeat(43) };
    expect(await codeOf(signed.client.finish(signed.answer, other, NOON_MS))).toBe('unauthorized');
  },
);

test('a refusal of the provider, and parameters that are none of its, are refused', async () => {
  await using signed = await signIn();
  const refused = new URL(`${REDIRECT}?error=access_denied&state=${signed.pending.state}`);
  const empty = new URL(REDIRECT);
  expect(await codeOf(signed.client.finish(refused, signed.pending, NOON_MS))).toBe('unauthorized');
  expect(await codeOf(signed.client.finish(empty, signed.pending, NOON_MS))).toBe('unauthorized');
});

test('a sign-in that took more than ten minutes, or that started in the future, is refused', async () => {
  await using signed = await signIn();
  const finish = (nowMs: number) => codeOf(signed.client.finish(signed.answer, signed.pending, nowMs));
  expect(await finish(NOON_MS + 600_001)).toBe('unauthorized');
  expect(await finish(NOON_MS - 1)).toBe('unauthorized');
  expect(await finish(NOON_MS + 600_000)).toBe('none');
});

test('a provider that does not answer makes the sign-in unavailable, and is asked again by the next one', async () => {
  const provider = await identityProvider({ redirectUri: REDIRECT, claims: CLAIMS });
  const client = oidcClient(settings(provider.issuer));
  await provider[Symbol.asyncDispose]();
  expect(await codeOf(client.start(REDIRECT, '/', NOON_MS))).toBe('unavailable');
  expect(await codeOf(client.start(REDIRECT, '/', NOON_MS))).toBe('unavailable');
});

test('signing out leads to the page of the provider', async () => {
  await using signed = await signIn();
  const url = await signed.client.findSignOut('http://head.example.org:8080/');
  expect(url?.searchParams.get('client_id')).toBe(CLIENT.id);
  expect(url?.searchParams.get('post_logout_redirect_uri')).toBe('http://head.example.org:8080/');
});

test.each([
  [{ preferred_username: 'alice' }, 'alice', undefined],
  [{ preferred_username: 'alice', groups: 'one' }, 'alice', ['one']],
  [{ preferred_username: 'alice', groups: ['a', 7, null, 'b\n', ''] }, 'alice', ['a']],
  [{ preferred_username: 'alice', groups: { a: 1 } }, 'alice', undefined],
])('claims %j name %s and the groups %j', (claims, name, groups) => {
  const identity = readClaims(claims, settings('https://idp.example.org'));
  expect([identity.name, identity.groups]).toEqual([name, groups as string[] | undefined]);
});

test.each([{}, { preferred_username: 7 }, { preferred_username: '' }, { preferred_username: 'a\nb' }])(
  'claims %j name nobody',
  (claims) => {
    expect(() => readClaims(claims, settings('https://idp.example.org'))).toThrow('preferred_username');
  },
);

test('an issuer must use https, except on this machine', () => {
  for (const issuer of ['https://idp.example.org', 'http://127.0.0.1:3000', 'http://localhost/realm'])
    expect(() => requireIssuer(issuer)).not.toThrow();
  for (const issuer of ['http://idp.example.org', 'idp.example.org', 'file:///etc/passwd', ''])
    expect(() => requireIssuer(issuer)).toThrow('--oidc-issuer must be an https:// address');
});

test('codes that were made up reach a slow provider 8 at a time, and more than 72 are refused at once', async () => {
  let asked = 0;
  const { promise: answer, resolve } = Promise.withResolvers<void>();
  await using provider = await identityProvider({ redirectUri: REDIRECT, claims: CLAIMS });
  const slow: Bun.Server<undefined> = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request): Promise<Response> {
      const path = new URL(request.url).pathname;
      if (path.endsWith('/token')) {
        asked++;
        await answer;
        return Response.json({ error: 'invalid_grant' }, { status: 400 });
      }
      const text = await (await fetch(`${provider.issuer}${path}`)).text();
      return new Response(text.replaceAll(provider.issuer, slow.url.origin), {
        headers: { 'content-type': 'application/json' },
      });
    },
  });
  const client = oidcClient(settings(slow.url.origin));
  const { pending } = await client.start(REDIRECT, '/jobs', NOON_MS);
  const forged = new URL(`${REDIRECT}?code=guess&state=${pending.state}&iss=${slow.url.origin}`);
  const refused: string[] = [];
  const finishing = Array.from({ length: 100 }, async () => {
    refused.push(await codeOf(client.finish(forged, pending, NOON_MS)));
  });
  while (refused.length < 28 || asked < 8) await Bun.sleep(5);
  await Bun.sleep(50);
  expect([asked, refused]).toEqual([8, Array(28).fill('unavailable')]);
  resolve();
  await Promise.all(finishing);
  expect([asked, refused.slice(28)]).toEqual([72, Array(72).fill('unauthorized')]);
  await slow.stop(true);
});
