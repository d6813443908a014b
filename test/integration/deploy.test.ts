import { expect } from 'bun:test';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { $ } from 'bun';
import { EXECUTABLE, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { testWith } from '../help/tool.ts';

const NOBODY = 65_534;
const STATE_FOLDER = '/var/lib/hpc-observe';
const UNIT = readFileSync('deploy/hpc-observe.service', 'utf8');

/** Returns the value of a directive of the unit. */
const directive = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(UNIT)?.[1] ?? '';

/** Reads the members of all sets of system calls that systemd knows. */
async function readCallSets(): Promise<Map<string, string[]>> {
  const text = await $`systemd-analyze syscall-filter --no-pager`.text();
  const sets = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of text.split('\n')) {
    const name = line.trim();
    if (line.startsWith('@')) {
      members = [];
      sets.set(name, members);
    } else if (name !== '' && !name.startsWith('#')) {
      members.push(name);
    }
  }
  return sets;
}

function expandSet(name: string, sets: ReadonlyMap<string, readonly string[]>): string[] {
  return (sets.get(name) ?? []).flatMap((member) =>
    member.startsWith('@') ? expandSet(member, sets) : [member],
  );
}

/**
 * Waits until strace has written the end of the process, and returns the names of all calls, and the families
 * of its sockets.
 */
async function readCalls(path: string, pid: number): Promise<{ calls: string[]; families: string[] }> {
  for (const endMs = Date.now() + 20_000; Date.now() < endMs; await Bun.sleep(50)) {
    const text = readFileSync(path, 'utf8');
    if (!new RegExp(`^${pid} +\\+\\+\\+ exited`, 'm').test(text)) continue;
    const find = (pattern: RegExp) =>
      [...new Set([...text.matchAll(pattern)].map((match) => match[1]!))].sort();
    return { calls: find(/^\d+ +(\w+)\(/gm), families: find(/ socket\((AF_\w+)/g) };
  }
  throw new Error('The trace has no end.');
}

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
    const allowed = new Set(expandSet(directive('SystemCallFilter'), await readCallSets()));
    expect(allowed.size).toBeGreaterThan(200);
    expect(calls.filter((call) => !allowed.has(call))).toEqual([]);
    const allowedFamilies = directive('RestrictAddressFamilies').split(' ');
    expect(families).toContain('AF_NETLINK');
    expect(families.filter((family) => !allowedFamilies.includes(family))).toEqual([]);
  },
);
