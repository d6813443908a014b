import { expect, test } from 'bun:test';
import { chmodSync } from 'node:fs';
import { EXECUTABLE, runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { startMunge } from '../help/munge.ts';
import { testAsRoot, testWith } from '../help/tool.ts';
import { createUser } from '../help/user.ts';

const rootTest = testAsRoot();
const mungeTest =
  rootTest === test ? testWith(['munge', 'munged', 'unmunge', 'setpriv', 'useradd']) : rootTest;

interface Answer {
  readonly status: number;
  readonly json: { readonly message?: string; readonly token?: string; readonly name?: string };
}

const PAYLOAD = 'hpc-observe default';

/** A service whose munged has a key of its own, and the user alice. */
async function startAll() {
  const munge = await startMunge();
  const alice = await createUser('hpo-anna');
  const folder = temporaryFolder();
  const args = ['--munge-socket', munge.socket];
  return {
    munge,
    alice,
    folder: folder.path,
    serve: () => serve({ folder: folder.path, args }),
    ofAlice: (payload = PAYLOAD, ...options: readonly string[]) =>
      munge.encode(payload, `--uid=${alice.uid}`, ...options),
    async [Symbol.asyncDispose]() {
      folder[Symbol.dispose]();
      await alice[Symbol.asyncDispose]();
      await munge[Symbol.asyncDispose]();
    },
  };
}

async function ask(method: string, url: string, authorization: string): Promise<Answer> {
  const answer = await fetch(url, { method, headers: { authorization } });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? {} : JSON.parse(text) };
}

const exchange = (url: string, credential: string) =>
  ask('POST', `${url}/v1/sessions`, `Munge ${credential}`);
const whoIs = (url: string, secret: string) => ask('GET', `${url}/v1/whoami`, `Bearer ${secret}`);

mungeTest('users of other machines are who their credentials say, and root there only writes', async () => {
  await using all = await startAll();
  await using server = await all.serve();
  expect(server.greeting).toContain('"munge":"on"');
  const direct = await ask('GET', `${server.url}/v1/whoami`, `Munge ${await all.ofAlice()}`);
  expect(direct.json).toMatchObject({ name: 'hpo-anna', uid: all.alice.uid, role: 'user', proof: 'munge' });
  const { status, json } = await exchange(server.url, await all.ofAlice());
  expect([status, json.token]).toEqual([201, expect.stringMatching(/^hpos_/)]);
  expect((await whoIs(server.url, json.token!)).json).toMatchObject({
    name: 'hpo-anna',
    uid: all.alice.uid,
    role: 'user',
    proof: 'munge',
  });
  const root = await exchange(server.url, await all.munge.encode(PAYLOAD));
  expect((await whoIs(server.url, root.json.token!)).json).toMatchObject({
    name: 'root',
    role: 'ingest',
    sees: 'none',
  });
  expect((await ask('GET', `${server.url}/v1/jobs`, `Bearer ${root.json.token}`)).status).toBe(403);
  expect((await ask('DELETE', `${server.url}/v1/jobs/a`, `Bearer ${json.token}`)).status).toBe(403);
});

mungeTest(
  'a credential that is used again, late, for something else or forged is refused with the reason',
  async () => {
    await using all = await startAll();
    await using server = await all.serve();
    const { host } = new URL(server.url);
    const used = await all.ofAlice(`${PAYLOAD} ${host}`);
    // Whoever got it at another port of this machine sends it on, with the host that it names.
    const stolen = await all.ofAlice(`${PAYLOAD} 127.0.0.1:9999`);
    const relayed = await fetch(`${server.url}/v1/sessions`, {
      method: 'POST',
      headers: { authorization: `Munge ${stolen}`, host: '127.0.0.1:9999' },
    });
    expect([relayed.status, await relayed.text()]).toEqual([
      401,
      expect.stringContaining('was made for \\"127.0.0.1:9999\\"'),
    ]);
    expect((await exchange(server.url, used)).status).toBe(201);
    const short = await all.ofAlice(PAYLOAD, '--ttl=1');
    const otherKey = await startMunge();
    const forged = await otherKey.encode(PAYLOAD);
    await otherKey[Symbol.asyncDispose]();
    await Bun.sleep(2100);
    const refused: [credential: string, reason: string][] = [
      [used, 'was used before'],
      [short, 'has expired'],
      [forged, 'was made with another key'],
      [await all.ofAlice('hpc-observe beta'), 'for the cluster "beta"; this is "default"'],
      [await all.ofAlice(`${PAYLOAD} other.example:8080`), 'for "other.example:8080"'],
      [await all.ofAlice('slurm'), 'was made for something else'],
      [await all.ofAlice(''), 'was made for something else'],
      ['MUNGE:AAAA:', 'is damaged'],
      ['garbage', 'is damaged'],
      ['', 'is damaged'],
    ];
    for (const [credential, reason] of refused) {
      const { status, json } = await exchange(server.url, credential);
      expect([status, json.message]).toEqual([401, expect.stringContaining(reason)]);
      if (credential.length > 20) expect(`${json.message}${server.errors()}`).not.toContain(credential);
    }
    await all.munge.stop();
    const silent = await exchange(server.url, used);
    expect([silent.status, silent.json.message]).toEqual([503, expect.stringContaining('at the moment')]);
  },
);

mungeTest(
  'a session outlives a restart, and one that was revoked is refused at once and for ever',
  async () => {
    await using all = await startAll();
    let kept = '';
    let revoked = '';
    {
      await using server = await all.serve();
      kept = (await exchange(server.url, await all.munge.encode(PAYLOAD))).json.token!;
      revoked = (await exchange(server.url, await all.ofAlice())).json.token!;
      const { stdout, exitCode } = await runExecutable(
        ['session', 'revoke', 'hpo-anna', '--server', server.url],
        { folder: all.folder },
      );
      expect([exitCode, stdout]).toEqual([0, '1 session of hpo-anna ended.\n']);
      expect((await whoIs(server.url, revoked)).status).toBe(401);
      await server.stop('SIGKILL');
    }
    await using server = await all.serve();
    expect((await whoIs(server.url, kept)).json.name).toBe('root');
    expect((await whoIs(server.url, revoked)).status).toBe(401);
  },
);

mungeTest('where the kernel knows nobody, whoami and login prove their user by MUNGE', async () => {
  await using all = await startAll();
  const socket = `${all.folder}/http.sock`;
  chmodSync(all.folder, 0o755);
  const args = [
    '--munge-socket',
    all.munge.socket,
    '--listen',
    '127.0.0.1:0',
    '--listen',
    `unix:${socket}?mode=0666`,
  ];
  await using server = await serve({ folder: all.folder, args });
  const run = (...line: string[]) =>
    runExecutable([...line, '--server', `unix:${socket}`, '--munge-socket', all.munge.socket], {
      folder: '/',
      command: all.alice.run(EXECUTABLE),
    });
  const who = await run('whoami');
  expect([who.exitCode, who.stdout, who.stderr]).toEqual([
    0,
    expect.stringContaining(`A MUNGE credential proves hpo-anna, uid ${all.alice.uid}.`),
    '',
  ]);
  const login = await run('login');
  expect([login.exitCode, login.stdout]).toEqual([
    0,
    expect.stringMatching(/^http:\/\/localhost\/v1\/sign-in\/hpos_\w+\n$/),
  ]);
  const opened = await fetch(`${server.url}${new URL(login.stdout.trim()).pathname}`, { redirect: 'manual' });
  const cookie = opened.headers.get('set-cookie')!.split(';')[0]!;
  const signedIn = await fetch(`${server.url}/v1/whoami`, { headers: { cookie } });
  expect(await signedIn.json()).toMatchObject({ name: 'hpo-anna', proof: 'munge' });
});
