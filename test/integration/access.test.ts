import { expect, test } from 'bun:test';
import { chownSync } from 'node:fs';
import { EXECUTABLE, runExecutable, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { startSshd } from '../help/sshd.ts';
import { testAsRoot, testWith } from '../help/tool.ts';
import { createUser } from '../help/user.ts';

const rootTest = testAsRoot();
const isRoot = rootTest === test;
const userTest = isRoot ? testWith(['curl', 'setpriv', 'useradd']) : rootTest;
const sshTest = isRoot ? testWith(['curl', 'setpriv', 'useradd', 'ssh', 'ssh-keyscan', 'sshd']) : rootTest;

/** Runs curl, maybe as another user, and returns the status and the answer. */
async function curl(args: readonly string[], as: (...command: string[]) => string[] = (...line) => line) {
  const child = Bun.spawn(as('curl', '-s', '-g', '-w', '\n%{http_code}', ...args), { stdout: 'pipe' });
  const text = await new Response(child.stdout).text();
  const [body, status] = text.split(/\n(?=\d+$)/);
  return { status: Number(status), json: body ? JSON.parse(body) : undefined };
}

userTest('by default root may do all, and another user of the machine reads and writes nothing', async () => {
  await using alice = await createUser('hpo-alice');
  await using server = await serve();
  const job = ['-H', 'content-type: application/json', '-d', '{"id":"a","user":"hpo-alice","nodes":["n"]}'];
  expect((await curl([...job, `${server.url}/v1/jobs`], alice.run)).status).toBe(403);
  expect((await curl([...job, `${server.url}/v1/jobs`])).status).toBe(201);
  expect((await curl([`${server.url}/v1/jobs`], alice.run)).json.total).toBe(1);
  const refused = await curl(['-X', 'DELETE', `${server.url}/v1/jobs/a`], alice.run);
  expect([refused.status, refused.json.message]).toEqual([
    403,
    'hpo-alice has the role user; this request needs the role admin.',
  ]);
  expect((await curl(['-X', 'DELETE', `${server.url}/v1/jobs/a`])).status).toBe(204);
  expect(server.greeting).toContain('"access":"users of this machine read all jobs; admins: root"');
});

userTest(
  'a service without rights knows its own user, root and others, at all of its listeners',
  async () => {
    await using own = await createUser('hpo-service');
    await using alice = await createUser('hpo-alice');
    using folder = temporaryFolder();
    chownSync(folder.path, own.uid, own.uid);
    const socket = folder.file('http.sock');
    await using server = await serve({
      folder: folder.path,
      command: own.run(EXECUTABLE),
      args: ['--listen', '127.0.0.1:0', '--listen', '[::1]:0', '--listen', `unix:${socket}?mode=0666`],
      // Neither is believed.
      env: { USER: 'hpo-alice', LOGNAME: 'hpo-alice' },
    });
    const [, ipv6] = /"(http:\/\/\[::1\]:\d+)\/"/.exec(server.greeting)!;
    for (const url of [server.url, ipv6!]) {
      const whoIs = async (as?: typeof alice.run) => {
        const { json } = await curl([`${url}/v1/whoami`], as);
        return [json.name, json.uid, json.role, json.proof];
      };
      expect(await whoIs()).toEqual(['root', 0, 'admin', 'kernel']);
      expect(await whoIs(own.run)).toEqual(['hpo-service', own.uid, 'admin', 'kernel']);
      expect(await whoIs(alice.run)).toEqual(['hpo-alice', alice.uid, 'user', 'kernel']);
    }
    const atSocket = await curl(['--unix-socket', socket, 'http://localhost/v1/jobs']);
    expect([atSocket.status, atSocket.json.error]).toEqual([401, 'unauthorized']);
    expect(await server.stop()).toBe(0);
    expect(await Bun.file(socket).exists()).toBe(false);
  },
);

test('beyond the loopback the service starts only if callers can prove who they are, or with --open', async () => {
  using folder = temporaryFolder();
  const noMunge = ['--munge-socket', '/nowhere'];
  const args = ['serve', '--slurm', 'off', '--host', '0.0.0.0', '--port', '0', ...noMunge];
  const refused = await runExecutable(args, { folder: folder.path });
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toMatch(
    /^[^\n]*Other machines reach 0\.0\.0\.0:0.*munged.*token create.*--open\.\n$/,
  );
  await using server = await serve({ args: ['--host', '0.0.0.0', '--open'] });
  expect(server.greeting).toContain('everybody may read and change everything (--open)');
  const deleted = await fetch(`${server.url}/v1/jobs/a`, { method: 'DELETE' });
  expect(deleted.status).toBe(404);
});

userTest('at a wildcard address callers of this machine are known', async () => {
  await using alice = await createUser('hpo-alice');
  // Some way for other machines is needed.
  await using server = await serve({ args: ['--host', '0.0.0.0', '--trusted-proxy', '192.0.2.1'] });
  const { port } = new URL(server.url);
  for (const address of ['127.0.0.1', '127.0.1.1']) {
    expect((await curl([`http://${address}:${port}/v1/whoami`], alice.run)).json.name).toBe('hpo-alice');
    expect((await curl([`http://${address}:${port}/v1/whoami`])).json.name).toBe('root');
  }
});

sshTest('through ssh -L a caller is the user who signed in', async () => {
  await using alice = await createUser('hpo-alice');
  await using server = await serve();
  await using sshd = await startSshd();
  const { port } = new URL(server.url);
  for (const to of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    await using tunnel = await sshd.forward(alice.name, to);
    const { json } = await curl([`${tunnel.url}/v1/whoami`]);
    expect([json.name, json.uid, json.role, json.proof]).toEqual([alice.name, alice.uid, 'user', 'kernel']);
    expect((await curl(['-X', 'DELETE', `${tunnel.url}/v1/jobs/a`])).status).toBe(403);
  }
});
