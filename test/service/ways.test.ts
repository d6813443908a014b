import { expect, test } from 'bun:test';
import { identifier } from '../../src/access/identify.ts';
import type { Users } from '../../src/access/users.ts';
import type { TcpPeer, Way } from '../../src/access/way.ts';
import type { Identity } from '../../src/domain/caller.ts';
import { createWays, joinWays } from '../../src/service/ways.ts';

const NAMES = ['root', 'www-data', 'alice'];
const users: Users = { own: 'root', nameOf: (uid) => NAMES[uid], groupsOf: () => [] };
const peer: TcpPeer = {
  kind: 'tcp',
  address: '127.0.0.1',
  port: 40_000,
  listener: { address: '127.0.0.1', port: 8080 },
  hasCertificate: false,
  isConnected: () => true,
};

/** Shows an identity as name and proof, for requests with a header of the same name as the way. */
const shownAs =
  (header: string, name: string): Way =>
  ({ request }) =>
    request.headers.has(header) ? { name, proof: 'token', isLocal: false } : undefined;

/** Who sends a request over a connection of a user of this machine. */
async function callerOf(trustedProxies: readonly string[], owner: string, headers: Record<string, string>) {
  let ignored = 0;
  const ways = createWays({
    config: { trustedProxies, userHeader: 'X-Remote-User', clientCa: null, clientRole: 'ingest' },
    users,
    findOwner: async () => NAMES.indexOf(owner),
    shown: {
      tokens: shownAs('authorization', 'bot'),
      sessions: shownAs('cookie', 'carol'),
      hasToken: () => false,
      hasProvider: false,
    },
    munge: {
      way: () => undefined,
      state: { ask: async () => 'on', last: () => 'on' },
    },
    onIgnoredHeader: () => {
      ignored++;
    },
  });
  const identify = identifier({
    ways: [joinWays(ways, { trustedProxies, userHeader: 'X-Remote-User' })],
    callerOf: (identity: Identity) => ({ identity, role: 'user', sight: 'all' }),
  });
  const { identity } = await identify({ request: new Request('http://localhost/', { headers }), peer });
  return [identity ? `${identity.name} by ${identity.proof}` : 'nobody', ignored];
}

const ALICE = { 'x-remote-user': 'alice' };

test.each([
  ['the user whom the proxy names', ['user:www-data'], 'www-data', ALICE, 'alice by proxy', 0],
  ['nobody, if the proxy names nobody', ['user:www-data'], 'www-data', {}, 'nobody', 0],
  ['nobody, if the proxy runs as root and names nobody', ['user:root'], 'root', {}, 'nobody', 0],
  [
    'the user of a connection that is none of the proxy',
    ['user:www-data'],
    'alice',
    {},
    'alice by kernel',
    0,
  ],
  [
    'its own user, if another program names one',
    ['user:www-data'],
    'alice',
    { 'x-remote-user': 'root' },
    'alice by kernel',
    1,
  ],
  ['its own user, where no proxy is trusted', [], 'alice', { 'x-remote-user': 'root' }, 'alice by kernel', 0],
  [
    'the bearer of a token behind the proxy',
    ['user:www-data'],
    'www-data',
    { authorization: 'x', ...ALICE },
    'bot by token',
    0,
  ],
  [
    'the user whom the proxy names, and not that of an older session',
    ['user:www-data'],
    'www-data',
    { cookie: 'x', ...ALICE },
    'alice by proxy',
    0,
  ],
  [
    'the user of a session, if the proxy names nobody',
    ['user:www-data'],
    'www-data',
    { cookie: 'x' },
    'carol by token',
    0,
  ],
] as [string, string[], string, Record<string, string>, string, number][])(
  'a request is sent by %s',
  async (_, trusted, owner, headers, caller, ignored) => {
    expect(await callerOf(trusted, owner, headers)).toEqual([caller, ignored]);
  },
);
