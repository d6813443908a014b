import { afterAll, beforeAll, expect, test } from 'bun:test';
import { networkInterfaces } from 'node:os';
import { type End, parseAddress } from '../../src/access/address.ts';
import { type FindOwner, kernelWay, ownerFinder } from '../../src/access/kernel.ts';
import { openSockets } from '../../src/access/libc.ts';
import { rememberOwners } from '../../src/access/owner-memory.ts';
import { findInTables, tableReader } from '../../src/access/proc-net.ts';
import { peerOf } from '../../src/service/listen.ts';
import { connectAs } from '../help/tcp-socket.ts';
import { testAsRoot } from '../help/tool.ts';

const rootTest = testAsRoot();
const ALICE = 12_001;
const BOB = 12_002;
const LOOPBACK = parseAddress('127.0.0.1')!;

/** A server that answers with the user who asks, and records who asked for what. */
function listen(hostname: string, findOwner: FindOwner) {
  const seen: { path: string; owner: number | undefined }[] = [];
  const way = kernelWay({ findOwner, nameOf: (uid) => `u${uid}` });
  const server = Bun.serve({
    hostname,
    port: 0,
    async fetch(request, self) {
      const peer = peerOf({ kind: 'tcp', host: hostname, port: 0 }, request, self);
      const identity = await way({ request, peer });
      const owner = identity === 'stranger' ? undefined : identity?.uid;
      seen.push({ path: new URL(request.url).pathname, owner });
      return new Response(`<${owner ?? 'nobody'}>`);
    },
  });
  return { port: server.port!, seen, stop: () => server.stop(true) };
}

/** Sends requests on a connection, enough for the memory to know it, and expects the same user each time. */
async function expectOwner(socket: ReturnType<typeof connectAs>, uid: number): Promise<void> {
  for (let request = 0; request < 4; request++) {
    socket.send(ask('/'));
    expect(await socket.receive(ANSWER)).toContain(`<${uid}>`);
  }
}

const ask = (path: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: head\r\n\r\n`;
const ANSWER = /<\w+>/;

/** Below those that the system chooses, so that nobody else takes one while it is free for a moment. */
let nextPort = 20_000 + (process.pid % 10_000);

/** Connects from a port that another user can take afterwards. */
function connectFromPort(options: { readonly uid: number; readonly to: End }): ReturnType<typeof connectAs> {
  for (let tries = 0; ; tries++) {
    try {
      return connectAs({ ...options, from: { address: LOOPBACK, port: nextPort++ } });
    } catch (error) {
      if (tries === 100) throw error;
    }
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !isTrue(); tries++) await Bun.sleep(5);
}

const sockets = openSockets();
const netlink = ownerFinder(sockets);
const remembering = () => rememberOwners(netlink, sockets.connection);
const readTables = tableReader();
const tables = ownerFinder({
  find: async (ends) => findInTables(await readTables(), ends),
  localAddress: undefined,
});

const FINDERS: [name: string, findOwner: FindOwner][] = [
  ['netlink', netlink],
  ['netlink with memory', remembering()],
  ['/proc/net', tables],
];

for (const [name, findOwner] of FINDERS) {
  let server: ReturnType<typeof listen>;
  beforeAll(() => {
    server = listen('127.0.0.1', findOwner);
  });
  afterAll(() => server.stop());
  const to = () => ({ address: LOOPBACK, port: server.port });

  rootTest(`${name}: each connection is that of the user who opened it`, async () => {
    const alice = connectAs({ uid: ALICE, to: to() });
    const bob = connectAs({ uid: BOB, to: to() });
    await expectOwner(alice, ALICE);
    await expectOwner(bob, BOB);
    await expectOwner(alice, ALICE);
    for (const socket of [alice, bob]) socket.close();
  });

  rootTest(`${name}: a user who takes a port that another has just left is not the other`, async () => {
    const alice = connectFromPort({ uid: ALICE, to: to() });
    await expectOwner(alice, ALICE);
    alice.reset();
    const from = { address: LOOPBACK, port: alice.port };
    const bob = connectAs({ uid: BOB, to: to(), from });
    await expectOwner(bob, BOB);
    bob.reset();
  });

  rootTest(
    `${name}: a request whose sender has gone belongs to nobody, whoever has its port now`,
    async () => {
      server.seen.length = 0;
      const bob = connectFromPort({ uid: BOB, to: to() });
      await expectOwner(bob, BOB);
      server.seen.length = 0;
      bob.send(ask('/gone', 'DELETE'));
      bob.reset();
      const root = connectAs({ uid: 0, to: to(), from: { address: LOOPBACK, port: bob.port } });
      root.send(ask('/mine'));
      expect(await root.receive(ANSWER)).toContain('<0>');
      await until(() => server.seen.some(({ path }) => path === '/gone'));
      expect(server.seen).toContainEqual({ path: '/gone', owner: undefined });
      root.reset();
    },
  );

  rootTest(`${name}: a request whose sender closed at once is nobody's, and not root's`, async () => {
    server.seen.length = 0;
    const bob = connectAs({ uid: BOB, to: to() });
    bob.send(ask('/closed', 'DELETE'));
    bob.close();
    await until(() => server.seen.length > 0);
    expect(server.seen).toEqual([{ path: '/closed', owner: undefined }]);
  });
}

rootTest.each([
  ['without memory', netlink],
  ['with memory', remembering()],
])('%s a sender who goes during the lookup is nobody, whoever has its port then', async (_, findOwner) => {
  let onLookup = () => {};
  const server = listen('127.0.0.1', (peer) => {
    onLookup();
    return findOwner(peer);
  });
  const to = { address: LOOPBACK, port: server.port };
  const bob = connectFromPort({ uid: BOB, to });
  await expectOwner(bob, BOB);
  server.seen.length = 0;
  let root: ReturnType<typeof connectAs> | undefined;
  onLookup = () => {
    bob.reset();
    root = connectAs({ uid: 0, to, from: { address: LOOPBACK, port: bob.port } });
  };
  bob.send(ask('/gone', 'DELETE'));
  await until(() => server.seen.length > 0);
  expect(server.seen).toEqual([{ path: '/gone', owner: undefined }]);
  onLookup = () => {};
  await expectOwner(root!, 0);
  root!.reset();
  server.stop();
});

rootTest(
  'a request that waited for another way is nobody’s, once a known connection has its port',
  async () => {
    const findOwner = remembering();
    const { promise: gone, resolve: go } = Promise.withResolvers<void>();
    const owners: (number | undefined)[] = [];
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      async fetch(request, self) {
        const peer = peerOf({ kind: 'tcp', host: '127.0.0.1', port: 0 }, request, self);
        const isWaiting = request.method === 'DELETE';
        if (isWaiting) await gone;
        const owner = peer?.kind === 'tcp' ? await findOwner(peer) : undefined;
        if (isWaiting) owners.push(owner);
        return new Response(`<${owner ?? 'nobody'}>`);
      },
    });
    const to = { address: LOOPBACK, port: server.port! };
    const bob = connectFromPort({ uid: BOB, to });
    bob.send(ask('/gone', 'DELETE'));
    await Bun.sleep(50);
    bob.reset();
    const root = connectAs({ uid: 0, to, from: { address: LOOPBACK, port: bob.port } });
    await expectOwner(root, 0);
    go();
    await until(() => owners.length > 0);
    expect(owners).toEqual([undefined]);
    root.reset();
    await server.stop(true);
  },
);

test('a connection is looked up twice and then known, and another one from its port is looked up again', async () => {
  let lookups = 0;
  const counted: FindOwner = (peer) => {
    lookups++;
    return netlink(peer);
  };
  const server = listen('127.0.0.1', rememberOwners(counted, sockets.connection));
  const to = { address: LOOPBACK, port: server.port };
  const own = process.getuid!();
  const first = connectFromPort({ uid: own, to });
  await expectOwner(first, own);
  await expectOwner(first, own);
  expect(lookups).toBe(2);
  first.reset();
  const second = connectAs({ uid: own, to, from: { address: LOOPBACK, port: first.port } });
  await expectOwner(second, own);
  expect(lookups).toBe(3);
  second.reset();
  server.stop();
});

test('a connection is found and exists until it is reset, however often that is asked', async () => {
  const server = listen('127.0.0.1', netlink);
  const to = { address: LOOPBACK, port: server.port };
  const client = connectAs({ uid: process.getuid!(), to });
  await expectOwner(client, process.getuid!());
  const ends = { local: to, remote: { address: LOOPBACK, port: client.port } };
  const connection = sockets.connection(ends)!;
  let missing = 0;
  // As often as the engine needs to compile it anew.
  for (let time = 0; time < 50_000; time++) if (!connection.exists()) missing++;
  expect(missing).toBe(0);
  expect(sockets.connection(ends)).toBeDefined();
  client.reset();
  expect(connection.exists()).toBe(false);
  server.stop();
});

// Where the answer comes later than in the same turn, Bun ends such connections.
rootTest('who ends the sending half is still known', async () => {
  const server = listen('127.0.0.1', netlink);
  const alice = connectAs({ uid: ALICE, to: { address: LOOPBACK, port: server.port } });
  alice.send(ask('/'));
  alice.endSending();
  expect(await alice.receive(ANSWER)).toContain(`<${ALICE}>`);
  alice.close();
  server.stop();
});

rootTest('requests in one packet are all of the same user', async () => {
  const server = listen('127.0.0.1', netlink);
  const alice = connectAs({ uid: ALICE, to: { address: LOOPBACK, port: server.port } });
  alice.send(ask('/1') + ask('/2') + ask('/3'));
  const answers = await alice.receive(/(<\w+>[^<]*){3}/);
  expect(answers.split(`<${ALICE}>`)).toHaveLength(4);
  alice.close();
  server.stop();
});

rootTest('a client that reaches a listener of IPv6 by IPv4, or with a socket of IPv6, is known', async () => {
  const server = listen('::', netlink);
  const addresses = ['127.0.0.1', '::1', '127.0.1.1'].map((text) => parseAddress(text)!);
  const mapped = Uint8Array.from([...new Array(10).fill(0), 0xff, 0xff, 127, 0, 0, 1]);
  for (const address of [...addresses, mapped]) {
    const alice = connectAs({ uid: ALICE, to: { address, port: server.port } });
    alice.send(ask('/'));
    expect(await alice.receive(ANSWER), String(address)).toContain(`<${ALICE}>`);
    alice.close();
  }
  server.stop();
});

rootTest(
  'at a wildcard address two connections from one port are nobody’s rather than each other’s',
  async () => {
    const server = listen('0.0.0.0', netlink);
    const root = connectFromPort({ uid: 0, to: { address: LOOPBACK, port: server.port } });
    const from = { address: LOOPBACK, port: root.port };
    root.send(ask('/'));
    expect(await root.receive(ANSWER)).toContain('<0>');
    const elsewhere = { address: parseAddress('127.9.9.9')!, port: server.port };
    const bob = connectAs({ uid: BOB, to: elsewhere, from });
    bob.send(ask('/'));
    expect(await bob.receive(ANSWER)).toContain('<nobody>');
    root.reset();
    bob.send(ask('/'));
    expect(await bob.receive(ANSWER)).toMatch(new RegExp(`<(${BOB}|nobody)>`));
    bob.reset();
    server.stop();
  },
);

rootTest('a client at an address of this machine that others reach is known', async () => {
  const [own] = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4');
  // A machine without a network has none.
  if (!own) return;
  for (const host of [own.address, '0.0.0.0']) {
    const server = listen(host, remembering());
    const to = { address: parseAddress(own.address)!, port: server.port };
    const alice = connectAs({ uid: ALICE, to });
    await expectOwner(alice, ALICE);
    alice.close();
    server.stop();
  }
});

test('a connection of this process is its own', async () => {
  const server = listen('127.0.0.1', netlink);
  const answer = await fetch(`http://127.0.0.1:${server.port}/`);
  expect(await answer.text()).toBe(`<${process.getuid!()}>`);
  server.stop();
});
