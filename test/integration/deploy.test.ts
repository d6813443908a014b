import { expect } from 'bun:test';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { NODE, writeNode } from '../bench/data/node-tree.ts';
import { EXECUTABLE, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { readAllowedCalls, readCalls, readDirective } from '../help/system-calls.ts';
import { testWith } from '../help/tool.ts';

const NOBODY = 65_534;
const STATE_FOLDER = '/var/lib/hpc-observe';
const UNIT = readFileSync('deploy/hpc-observe.service', 'utf8');

const AGENT = readFileSync('deploy/hpc-observe-agent.service', 'utf8');

const directive = (name: string) => readDirective(UNIT, name);

const isRoot = process.getuid?.() === 0;
testWith(isRoot ? ['strace', 'systemd-analyze', 'setpriv'] : ['strace', 'systemd-analyze'])(
  'the service runs as the unit starts it, and makes only system calls that the unit allows',
  async () => {
    using folder = temporaryFolder();
    const [program, command, ...args] = directive('ExecStart').split(' ');
    expect([program, command]).toEqual(['/usr/local/bin/hpc-observe', 'serve']);
    const [variable, database] = directive('Environment').split('=') as [string, string];
    expect(database).toStartWith(`${STATE_FOLDER}/`);
    const rights = isRoot
      ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs']
      : [];
    if (isRoot) chownSync(folder.path, NOBODY, NOBODY);
    chmodSync(folder.path, 0o750);
    const trace = folder.file('trace');
    await using server = await serve({
      folder: folder.path,
      args,
      env: { [variable]: database.replace(STATE_FOLDER, folder.path) },
      // With -D the process that is started is the service, and not strace.
      command: [...rights, 'strace', '-D', '-f', '-q', '-o', trace, EXECUTABLE],
    });
    const created = await fetch(`${server.url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"id":"a","user":"u","nodes":["n"]}',
    });
    expect(created.status).toBe(201);
    for (const path of ['v1/health', 'v1/jobs?sort=runtime', 'v1/jobs/a/metrics', 'metrics', 'swagger/json'])
      expect((await fetch(`${server.url}/${path}`)).status, path).toBe(200);
    expect(await server.stop()).toBe(0);

    const { calls, families } = await readCalls(trace, server.pid);
    expect(calls.length).toBeGreaterThan(30);
    const allowed = await readAllowedCalls(UNIT);
    expect(allowed.size).toBeGreaterThan(200);
    expect(calls.filter((call) => !allowed.has(call))).toEqual([]);
    const allowedFamilies = directive('RestrictAddressFamilies').split(' ');
    expect(families).toContain('AF_NETLINK');
    expect(families.filter((family) => !allowedFamilies.includes(family))).toEqual([]);
  },
);

testWith(['strace', 'systemd-analyze'])(
  'the agent runs as its unit starts it, and makes only system calls that the unit allows',
  async () => {
    using folder = temporaryFolder();
    const root = folder.file('root');
    writeNode(root, { jobs: 3, gpus: 1 });
    await using server = await serve();
    const [program, ...args] = readDirective(AGENT, 'ExecStart').split(' ');
    expect([program, ...args]).toEqual(['/usr/local/bin/hpc-observe', 'agent']);
    const settings = [...AGENT.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name, value]) => [
      name!,
      value!,
    ]);
    expect(settings.length).toBeGreaterThan(0);
    const trace = folder.file('trace');
    const command = ['strace', '-D', '-f', '-q', '-o', trace, EXECUTABLE, ...args, '--root', root];
    const spool = folder.file('spool');
    const further = ['--node', NODE, '--interval', '1s', '--agent-spool', spool, '--server', server.url];
    const agent = Bun.spawn([...command, ...further], {
      env: { PATH: process.env.PATH!, ...Object.fromEntries(settings) },
      stdout: 'ignore',
      stderr: 'ignore',
    });
    await until(async () =>
      (await fetch(`${server.url}/metrics`).then((answer) => answer.text())).includes(`{node="${NODE}"`),
    );
    agent.kill('SIGTERM');
    expect(await agent.exited).toBe(0);

    const { calls, families } = await readCalls(trace, agent.pid);
    expect(calls).toContain('execve');
    const allowed = await readAllowedCalls(AGENT);
    expect(calls.filter((call) => !allowed.has(call))).toEqual([]);
    const allowedFamilies = readDirective(AGENT, 'RestrictAddressFamilies').split(' ');
    expect(families.filter((family) => !allowedFamilies.includes(family))).toEqual([]);
  },
  60_000,
);

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 30_000; Date.now() < endMs; await Bun.sleep(200))
    if (await condition()) return;
  throw new Error('It did not happen within 30 s.');
}
