import { expect } from 'bun:test';
import { createSecret, SESSION_PREFIX, TOKEN_PREFIX } from '../../src/access/secret.ts';
import { requestText } from '../help/connection.ts';
import { connectToServer, exchange, statusesOf } from '../help/exchange.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testAsRoot } from '../help/tool.ts';
import { createUser } from '../help/user.ts';

// Callers that might be taken for others: many at once, one after the other on a connection, and those whose
// right has ended.

const rootTest = testAsRoot();
const ALICE = 12_001;
const BOB = 12_002;

type Server = Awaited<ReturnType<typeof serve>>;

/** Sends a request as root, whom the kernel names. */
async function send(
  { url }: Pick<Server, 'url'>,
  method: string,
  path: string,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`${url}${path}`, { method, headers, redirect: 'manual' });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: text === '' ? {} : JSON.parse(text) };
}

const namesIn = (text: string): string[] =>
  [...text.matchAll(/\{"name":"([^"]+)"/g)].map(([, name]) => name!);

rootTest(
  '500 connections of two users at once are each their own user, request by request',
  async () => {
    await using server = await serve();
    const uids = Array.from({ length: 500 }, (_, index) => (index % 2 === 0 ? ALICE : BOB));
    const sockets = uids.map((uid) => ({ uid, socket: connectToServer(server.url, uid) }));
    const ask = requestText('GET', '/v1/whoami');
    // The first ones find an owner, the later ones know it.
    for (let round = 0; round < 4; round++) {
      for (const { socket } of sockets) socket.send(ask);
      const answers = await Promise.all(sockets.map(({ socket }) => socket.receive(/"ways":.*\]\}/)));
      expect(answers.map(namesIn)).toEqual(uids.map((uid) => [`uid-${uid}`]));
    }
    for (const { socket } of sockets) socket.close();
  },
  30_000,
);

rootTest(
  'on a connection of a proxy each request is its own user, and one without a name is nobody',
  async () => {
    await using proxy = await createUser('hpo-proxy');
    await using server = await serve({ args: ['--trusted-proxy', `user:${proxy.name}`] });
    const as = (user?: string, lines: readonly string[] = []) =>
      [
        'GET /v1/whoami HTTP/1.1',
        'Host: localhost',
        ...(user === undefined ? [] : [`X-Remote-User: ${user}`]),
        ...lines,
        '\r\n',
      ].join('\r\n');
    const connection = connectToServer(server.url, proxy.uid);
    for (const user of ['alice', 'bob', undefined, 'alice', undefined, 'carol']) {
      connection.send(as(user));
      expect(namesIn(await connection.receive(/"ways":.*\]\}/))).toEqual(user === undefined ? [] : [user]);
    }
    connection.close();
    // Bun 1.4.5 drops a connection that sends on before an answer that takes longer.
    const together = await exchange(
      server.url,
      proxy.uid,
      as('alice') + as('bob') + as(undefined, ['Connection: close']),
    );
    expect(['alice', 'bob'].slice(0, namesIn(together).length)).toEqual(namesIn(together));
    // Two names, or something that is no name, are no user; nobody else is believed.
    for (const lines of [
      ['X-Remote-User: alice', 'X-Remote-User: root'],
      ['X-Remote-User: alice, root'],
      ['X-Remote-User: (null)'],
      ['X-Remote-User: alice root'],
    ]) {
      const answer = await exchange(server.url, proxy.uid, as(undefined, [...lines, 'Connection: close']));
      expect([lines, statusesOf(answer)]).toEqual([lines, [401]]);
    }
    for (const line of ['X-Remote-User: root', 'x_remote_user: root', 'X-REMOTE-USER: root']) {
      const own = await exchange(server.url, ALICE, as(undefined, [line, 'Connection: close']));
      expect([line, namesIn(own)]).toEqual([line, [`uid-${ALICE}`]]);
      const nobody = await exchange(
        server.url,
        proxy.uid,
        as(undefined, ['X_Remote_User: root', 'Connection: close']),
      );
      expect(namesIn(nobody)).toEqual([]);
    }
    // What follows the last chunk is no header of the request.
    const trailer = `${requestText('POST', '/v1/jobs', {
      headers: {
        'Content-Type': 'application/json',
        'Transfer-Encoding': 'chunked',
        Trailer: 'X-Remote-User',
      },
    })}2\r\n{}\r\n0\r\nX-Remote-User: root\r\n\r\n`;
    expect(statusesOf(await exchange(server.url, proxy.uid, trailer))[0]).toBe(401);
  },
  30_000,
);

async function createLink(server: Server): Promise<string> {
  const { json } = await send(server, 'POST', '/v1/sessions/links');
  return new URL(json.url).pathname;
}

rootTest('of 50 browsers that open a link at once exactly one is signed in', async () => {
  await using server = await serve();
  for (let round = 0; round < 5; round++) {
    const link = await createLink(server);
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(server, 'GET', link)));
    const cookies = answers.flatMap(({ headers }) => headers.getSetCookie());
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(cookies.filter((cookie) => cookie.includes(SESSION_PREFIX))).toHaveLength(1);
  }
  const { json } = await send(server, 'GET', '/v1/audit');
  expect(json.entries.map(({ action }: { action: string }) => action)).toEqual(
    Array(5).fill('session_started'),
  );
});

rootTest('sessions that start while all of their user are revoked have ended afterwards', async () => {
  await using server = await serve();
  for (let round = 0; round < 20; round++) {
    const starting = Array.from({ length: 5 }, () => send(server, 'POST', '/v1/sessions'));
    const revoked = send(server, 'DELETE', '/v1/sessions?user=root');
    const started = (await Promise.all(starting)).map(({ json }) => json.token as string);
    await revoked;
    // Those that the store has are those that are known, now and after a restart.
    const isKnown = async (token: string) =>
      (await send(server, 'GET', '/v1/whoami', { authorization: `Bearer ${token}` })).status === 200;
    const known = await Promise.all(started.map(isKnown));
    const { json } = await send(server, 'DELETE', '/v1/sessions?user=root');
    expect([round, json.ended]).toEqual([round, known.filter(Boolean).length]);
    expect(await Promise.all(started.map(isKnown))).toEqual(started.map(() => false));
  }
});

rootTest('who is no administrator any more has none of the rights in the session that remains', async () => {
  using folder = temporaryFolder();
  await using alice = await createUser('hpo-anne');
  const start = (...args: string[]) => serve({ folder: folder.path, args });
  const asAlice = requestText('POST', '/v1/sessions', {
    headers: { Connection: 'close', 'Content-Length': '0' },
  });
  let session: Record<string, string>;
  {
    await using server = await start('--admins', alice.name);
    const [, token] = /"token":"(\w+)"/.exec(await exchange(server.url, alice.uid, asAlice))!;
    session = { authorization: `Bearer ${token}` };
    expect((await send(server, 'GET', '/v1/tokens', session)).status).toBe(200);
  }
  await using server = await start();
  expect((await send(server, 'GET', '/v1/whoami', session)).json).toMatchObject({
    name: alice.name,
    role: 'user',
  });
  expect((await send(server, 'GET', '/v1/tokens', session)).status).toBe(403);
  expect((await send(server, 'DELETE', '/v1/jobs/a', session)).status).toBe(403);
});

rootTest('a cookie that somebody else planted signs nobody in, and signing in makes a new one', async () => {
  await using server = await serve();
  const planted = createSecret(SESSION_PREFIX);
  const cookie = { cookie: `hpc_observe_session=${planted}` };
  const refused = await send(server, 'GET', '/v1/whoami', cookie);
  expect([refused.status, refused.headers.getSetCookie()]).toEqual([
    401,
    [expect.stringMatching(/^hpc_observe_session=; Max-Age=0;/)],
  ]);
  const opened = await send(server, 'GET', await createLink(server), cookie);
  const [own] = /hpos_\w+/.exec(opened.headers.getSetCookie()[0]!)!;
  expect(own).not.toBe(planted);
  // Two cookies, as another page of the host can make them, are not chosen from.
  for (const pair of [
    [planted, own],
    [own, planted],
  ]) {
    const both = { cookie: pair.map((one) => `hpc_observe_session=${one}`).join('; ') };
    expect((await send(server, 'GET', '/v1/whoami', both)).status).toBe(401);
  }
  expect((await send(server, 'GET', '/v1/whoami', cookie)).status).toBe(401);
  expect((await send(server, 'GET', '/v1/whoami', { cookie: `hpc_observe_session=${own}` })).status).toBe(
    200,
  );
});

const guess = (number: number) =>
  requestText('GET', '/v1/whoami', {
    headers:
      number % 2 === 0
        ? { Authorization: `Bearer ${TOKEN_PREFIX}${number}` }
        : { Cookie: `hpc_observe_session=${createSecret(SESSION_PREFIX)}` },
  });

/** Sends guesses over one connection, 100 at a time, and expects a refusal of each. */
async function attack(url: string, count: number): Promise<void> {
  let received = '';
  let answer = () => {};
  const data = (_: unknown, bytes: Buffer) => {
    received += bytes.toString('latin1');
    answer();
  };
  const { hostname, port } = new URL(url);
  const socket = await Bun.connect({ hostname, port: Number(port), socket: { data } });
  for (let sent = 0; sent < count; sent += 100) {
    received = '';
    socket.write(Array.from({ length: 100 }, (_, index) => guess(sent + index)).join(''));
    while (received.split('HTTP/1.1 ').length <= 100)
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
    expect(statusesOf(received).filter((status) => status !== 401 && status !== 429)).toEqual([]);
  }
  socket.end();
}

const MEGABYTE = 1024 * 1024;
const memoryBytes = async (pid: number): Promise<number> =>
  Number(/VmRSS:\s+(\d+) kB/.exec(await Bun.file(`/proc/${pid}/status`).text())![1]) * 1024;

rootTest(
  '100,000 refused tokens and cookies take no memory, and are one line of the log',
  async () => {
    await using server = await serve();
    await attack(server.url, 20_000);
    const before = await memoryBytes(server.pid);
    await attack(server.url, 100_000);
    expect((await memoryBytes(server.pid)) - before).toBeLessThan(16 * MEGABYTE);
    expect((await send(server, 'GET', '/v1/whoami')).status).toBe(200);
    // One line at once; the rest within a minute.
    expect(server.errors().split('\n').length).toBeLessThan(5);
  },
  60_000,
);

rootTest('a munged that never answers holds up some who show credentials, and nobody else', async () => {
  using folder = temporaryFolder();
  const socket = folder.file('munge');
  const silent = Bun.listen({ unix: socket, socket: { data() {} } });
  await using server = await serve({ args: ['--munge-socket', socket] });
  const leaving = new AbortController();
  let refused = 0;
  const waiting = Array.from({ length: 60 }, async () => {
    const headers = { authorization: `Munge MUNGE:${'A'.repeat(100)}:` };
    const answer = await fetch(`${server.url}/v1/jobs`, { headers, signal: leaving.signal });
    expect(answer.status).toBe(503);
    refused++;
  });
  for (let time = 0; time < 20; time++) {
    const startMs = performance.now();
    expect((await send(server, 'GET', '/v1/jobs')).status).toBe(200);
    expect(performance.now() - startMs).toBeLessThan(500);
  }
  // One source has 16 places.
  while (refused < 44) await Bun.sleep(10);
  leaving.abort();
  await Promise.allSettled(waiting);
  expect((await send(server, 'GET', '/v1/jobs')).status).toBe(200);
  silent.stop(true);
});
