import { expect, test } from 'bun:test';
import { proxyWays, trustsWholeMachine } from '../../src/access/proxy.ts';
import type { Peer } from '../../src/access/way.ts';
import type { Identity } from '../../src/domain/caller.ts';
import type { AppError } from '../../src/domain/errors.ts';

const tcp = (address: string): Peer => ({
  kind: 'tcp',
  address,
  port: 40_000,
  hasCertificate: false,
  isConnected: () => true,
  listener: { address: '0.0.0.0', port: 8080 },
});
const unix: Peer = { kind: 'unix', path: '/run/x.sock' };

interface Setup {
  readonly trusted: readonly string[];
  readonly peer: Peer | undefined;
  readonly headers: Headers | Record<string, string>;
  /** The user of this machine whose connection it is. */
  readonly owner?: string | undefined;
}

/** What the two ways find, one after the other, and how many headers were ignored. */
async function find({ trusted, peer, headers, owner }: Setup) {
  let ignored = 0;
  const { way, guard } = proxyWays({
    trusted,
    header: 'X-Remote-User',
    userOf: async () => owner,
    onIgnored: () => {
      ignored++;
    },
  });
  const request = new Request('http://localhost/v1/jobs', { headers });
  const found = await way({ request, peer });
  return { found, guarded: await guard({ request, peer }), ignored };
}

const ALICE: Identity = { name: 'alice', proof: 'proxy', isLocal: false };
const alice = { 'X-Remote-User': 'alice' };

test.each([
  ['an address', ['10.0.0.1'], tcp('10.0.0.1'), undefined],
  ['an address written otherwise', ['::1'], tcp('0:0:0:0:0:0:0:1'), undefined],
  ['an address of IPv4 on a socket of IPv6', ['10.0.0.1'], tcp('::ffff:10.0.0.1'), undefined],
  ['a network', ['192.0.2.1', '10.0.0.0/8'], tcp('10.200.3.4'), undefined],
  ['a network of IPv6', ['fd00::/8'], tcp('fd12::1'), undefined],
  ['a user of this machine', ['user:www-data'], tcp('127.0.0.1'), 'www-data'],
  ['a unix socket', ['unix'], unix, undefined],
])('the header is believed from %s', async (_, trusted, peer, owner) => {
  expect(await find({ trusted, peer, owner, headers: alice })).toEqual({
    found: ALICE,
    guarded: 'stranger',
    ignored: 0,
  });
});

test.each([
  ['another address', ['10.0.0.1'], tcp('10.0.0.2'), undefined],
  ['an address outside of the network', ['10.0.0.0/8'], tcp('11.0.0.1'), undefined],
  ['another user of this machine', ['user:www-data'], tcp('127.0.0.1'), 'mallory'],
  ['a connection whose user is not certain', ['user:www-data'], tcp('127.0.0.1'), undefined],
  ['an address, where only the unix socket is trusted', ['unix'], tcp('127.0.0.1'), 'root'],
  ['a unix socket, where only an address is trusted', ['127.0.0.1', 'user:root'], unix, 'root'],
  ['nowhere', ['127.0.0.1', 'unix', 'user:root'], undefined, 'root'],
])('the header is ignored and counted from %s', async (_, trusted, peer, owner) => {
  expect(await find({ trusted, peer, owner, headers: alice })).toEqual({
    found: undefined,
    guarded: undefined,
    ignored: 1,
  });
});

test.each([
  [{}],
  [{ 'X-Remote-User': '' }],
  [{ X_Remote_User: 'alice' }],
  [{ 'X-Remote-Users': 'alice' }],
  [{ 'X-Forwarded-User': 'alice' }],
])('a proxy that names nobody (%j) has no name itself', async (headers) => {
  const found = await find({ trusted: ['user:root'], peer: tcp('127.0.0.1'), owner: 'root', headers });
  expect(found).toEqual({ found: undefined, guarded: 'stranger', ignored: 0 });
});

test.each(['alice@EXAMPLE.ORG', 'DOMAIN\\alice', 'first.last', 'host$', '1234', 'a'.repeat(255)])(
  'the user %s has that name',
  async (name) => {
    const { found } = await find({ trusted: ['unix'], peer: unix, headers: { 'X-Remote-User': name } });
    expect(found).toEqual({ ...ALICE, name });
  },
);

const twice = new Headers(alice);
twice.append('X-Remote-User', 'root');
test.each([
  [twice],
  [{ 'X-Remote-User': 'alice, root' }],
  [{ 'X-Remote-User': 'alice,root' }],
  [{ 'X-Remote-User': '(null)' }],
  [{ 'X-Remote-User': '-' }],
  [{ 'X-Remote-User': '@admins' }],
  [{ 'X-Remote-User': 'alice bob' }],
  [{ 'X-Remote-User': 'alice\u00a0' }],
  [{ 'X-Remote-User': 'alic\u00e9' }],
  [{ 'X-Remote-User': 'alice:admin' }],
  [{ 'X-Remote-User': 'alice/../root' }],
  [{ 'X-Remote-User': 'a'.repeat(256) }],
  [{ 'X-Remote-User': 'a'.repeat(8000) }],
])('a proxy that sends no single name is refused, and its header is not repeated (%#)', async (headers) => {
  const asked = find({ trusted: ['unix'], peer: unix, headers });
  const error = await asked.then(
    () => undefined,
    (thrown: AppError) => thrown,
  );
  expect(error?.code).toBe('unauthorized');
  expect(error?.message).toBe('The X-Remote-User of the proxy is not the name of one user.');
});

test('the name of the header is that of the setting', async () => {
  const { way } = proxyWays({
    trusted: ['unix'],
    header: 'OIDC-user',
    userOf: () => undefined,
    onIgnored() {},
  });
  const request = new Request('http://localhost/', { headers: { ...alice, 'oidc-USER': 'bob' } });
  expect(await way({ request, peer: unix })).toEqual({ ...ALICE, name: 'bob' });
});

test.each([
  [['127.0.0.1'], true],
  [['10.0.0.1', '127.0.0.0/8'], true],
  [['::1'], true],
  [['0.0.0.0/0'], true],
  [['10.0.0.1', 'fd00::/8', 'unix', 'user:www-data'], false],
])('that %j trusts every user of this machine is %s', (trusted, expected) => {
  expect(trustsWholeMachine(trusted)).toBe(expected);
});
