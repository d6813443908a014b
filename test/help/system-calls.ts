import { readFileSync } from 'node:fs';
import { $ } from 'bun';

/** Returns the value of a directive of a unit. */
export const readDirective = (unit: string, name: string): string =>
  new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

/** Returns the system calls that a unit allows. */
export async function readAllowedCalls(unit: string): Promise<ReadonlySet<string>> {
  return new Set(expandSet(readDirective(unit, 'SystemCallFilter'), await readCallSets()));
}

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
export async function readCalls(path: string, pid: number): Promise<{ calls: string[]; families: string[] }> {
  for (const endMs = Date.now() + 20_000; Date.now() < endMs; await Bun.sleep(50)) {
    const text = readFileSync(path, 'utf8');
    if (!new RegExp(`^${pid} +\\+\\+\\+ exited`, 'm').test(text)) continue;
    const find = (pattern: RegExp) =>
      [...new Set([...text.matchAll(pattern)].map((match) => match[1]!))].sort();
    return { calls: find(/^\d+ +(\w+)\(/gm), families: find(/ socket\((AF_\w+)/g) };
  }
  throw new Error('The trace has no end.');
}
