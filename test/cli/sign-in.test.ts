import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { mungeWay } from '../../src/access/munge.ts';
import { createUnmunge } from '../../src/access/unmunge.ts';
import type { Way } from '../../src/access/way.ts';
import type { Reception } from '../../src/api/whoami.ts';
import { findCommand, runCommand } from '../../src/cli/commands.ts';
import { OperatorError } from '../../src/domain/errors.ts';
import { listenTcp } from '../../src/service/listen.ts';
import { errorOf } from '../client/help.ts';
import { pastJob } from '../help/builders.ts';
import { runLine } from '../help/command.ts';
import { temporaryFolder } from '../help/folder.ts';
import { startMunge, testWithMunge } from '../help/munge.ts';
import { startService } from '../help/service.ts';

const byKernel: Way = () => ({ name: 'root', uid: 0, proof: 'kernel', isLocal: true });

const NO_MUNGE: Reception = {
  cluster: undefined,
  ways: [{ way: 'munge', state: 'off: munged does not answer' }],
};

async function startServer(ways: readonly Way[], reception?: Reception) {
  const service = await startService({ ways, reception });
  const server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
  const url = server.url.href.replace(/\/$/, '');
  return {
    service,
    url,
    /** Runs a command line against the service; returns the exit code and what it prints. */
    async run(...line: readonly string[]): Promise<[exitCode: number, printed: string]> {
      let printed = '';
      const exitCode = await runCommand(findCommand([...line, '--server', url]), {
        env: {},
        readFile: () => '',
        print: (text) => {
          printed += text;
        },
      });
      return [exitCode, printed];
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await service[Symbol.asyncDispose]();
    },
  };
}

test('login prints a link that signs a browser in, and nothing else', async () => {
  await using server = await startServer([byKernel]);
  const [exitCode, printed] = await server.run('login');
  expect([exitCode, printed]).toEqual([
    0,
    expect.stringMatching(/^http:\/\/127[^\n]*\/v1\/sign-in\/hpos_\w+\n$/),
  ]);
  const opened = await fetch(printed.trim(), { redirect: 'manual' });
  expect([opened.status, new URL(opened.headers.get('location')!, opened.url).pathname]).toEqual([303, '/']);
  const cookie = opened.headers.get('set-cookie')!.split(';')[0]!;
  const who = await fetch(`${server.url}/v1/whoami`, { headers: { cookie } });
  expect(await who.json()).toMatchObject({ name: 'root', session_ends: expect.any(String) });
});

test('whoami prints who the caller is, why, and what they see', async () => {
  await using server = await startServer([byKernel]);
  expect(await server.run('whoami')).toEqual([
    0,
    [
      'You are   root (uid 0)',
      'Role      admin: root, SlurmUser and the user of the service are admins here',
      'You see   all jobs',
      'Why       The kernel of this machine says that the connection belongs to root, uid 0.',
      `Service   ${server.url}, cluster alpha`,
      'It knows  munge: on',
      '',
    ].join('\n'),
  ]);
});

test('whoami of somebody unknown says what to do, and ends with 1', async () => {
  await using server = await startServer([], NO_MUNGE);
  expect(await server.run('whoami')).toEqual([
    1,
    expect.stringMatching(
      /^You are {3}unknown\nRole {6}none\nYou see {3}no jobs\nWhy {7}Nothing .*send a token.*\nService/,
    ),
  ]);
});

test('login of somebody unknown is refused with what to do', async () => {
  await using server = await startServer([], NO_MUNGE);
  const error = await errorOf(server.run('login'));
  expect(error).toBeInstanceOf(OperatorError);
  expect((error as Error).message).toMatch(
    /^The service at http:\S+ does not know who you are: MUNGE is off: .*\. Run this on its machine, or ask an administrator for a token .* --token-file/,
  );
});

test('session revoke ends all sessions of a user', async () => {
  await using server = await startServer([byKernel]);
  const started = await fetch(`${server.url}/v1/sessions`, { method: 'POST' });
  const { token } = (await started.json()) as { token: string };
  expect(await server.run('session', 'revoke', 'alice')).toEqual([0, '0 sessions of alice ended.\n']);
  expect(await server.run('session', 'revoke', 'root')).toEqual([0, '1 session of root ended.\n']);
  const after = await fetch(`${server.url}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } });
  expect(after.status).toBe(401);
});

testWithMunge('where the connection proves nothing, MUNGE proves the user of a command', async () => {
  await using munge = await startMunge();
  const unmunge = createUnmunge({ socket: munge.socket });
  const way = mungeWay({
    unmunge,
    cluster: () => 'alpha',
    isMeant: (host, { requestHost }) => host === requestHost,
    nameOf: () => 'alice',
  });
  await using server = await startServer([way]);
  const socket = ['--munge-socket', munge.socket];
  const [exitCode, printed] = await server.run('whoami', ...socket);
  expect([exitCode, printed]).toEqual([
    0,
    expect.stringContaining(`Why       A MUNGE credential proves alice, uid ${process.getuid!()}.`),
  ]);
  const [, link] = await server.run('login', ...socket);
  expect((await fetch(link.trim(), { redirect: 'manual' })).status).toBe(303);
  const refused = await errorOf(server.run('session', 'revoke', 'bob', ...socket));
  expect(refused).toMatchObject({ message: 'alice has the role user; this request needs the role admin.' });
  const foreign = await errorOf(server.run('whoami', '--cluster', 'beta', ...socket));
  expect(foreign).toMatchObject({ message: expect.stringContaining('for the cluster "beta"') });
});

test('a token is no user: jobs, seff and top list all jobs that it may see', async () => {
  await using server = await startServer([byKernel]);
  const [, secret] = await server.run('token', 'create', '--name', 'portal', '--role', 'viewer');
  await server.service.store.createJobs([pastJob('77', { user: 'bob', startTimeMs: Date.now() })]);
  using folder = temporaryFolder();
  writeFileSync(folder.file('token'), secret);
  for (const command of [['jobs'], ['seff', '--since', '2020-01-01'], ['top']]) {
    const line = [...command, '--token-file', folder.file('token'), '--server', server.url];
    expect((await runLine(line)).output, command[0]).toMatch(/^77 +running/im);
  }
});
