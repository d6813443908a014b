import { chmodSync, chownSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';
import { readProgram } from '../program.ts';
import type { UnixListener } from '../settings/listener.ts';

const GROUP_TIMEOUT_MS = 5000;

/**
 * Deletes the file of a socket that a service left behind when it was killed. OperatorError if the path is
 * something else, or if a program still listens there.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = statOf(path);
  if (!found) return;
  if (!found.isSocket())
    throw new OperatorError(`${path} exists and is no socket. Choose another path for unix: in --listen.`);
  if (await isListening(path))
    throw new OperatorError(
      `Another program listens on ${path}. Stop it, or choose another path in --listen.`,
    );
  try {
    unlinkSync(path);
  } catch (error) {
    throw new OperatorError(`The old socket ${path} cannot be deleted: ${explainSystemError(error)}.`, {
      cause: error,
    });
  }
}

/** Calls `open`, which creates a socket's file that only this user may connect to until `admitGroup`. */
export function withClosedMode<Value>(open: () => Value): Value {
  const before = process.umask(0o177);
  try {
    return open();
  } finally {
    process.umask(before);
  }
}

/** Gives the file of a socket its group and its permissions. OperatorError if this user may not. */
export async function admitGroup({ path, mode, group }: UnixListener): Promise<void> {
  const gid = group === undefined ? undefined : await findGroup(group);
  try {
    if (gid !== undefined) chownSync(path, lstatSync(path).uid, gid);
    chmodSync(path, mode);
  } catch (error) {
    throw new OperatorError(
      `The socket ${path} cannot be given to the group ${group}: ${explainSystemError(error)}. Make the service's user a member of it.`,
      { cause: error },
    );
  }
}

async function findGroup(group: string): Promise<number> {
  if (/^\d{1,9}$/.test(group)) return Number(group);
  const file = Bun.which('getent', { PATH: '/usr/bin:/bin' }) ?? '/usr/bin/getent';
  const output = await readProgram([file, 'group', group], {
    env: { LC_ALL: 'C' },
    timeoutMs: GROUP_TIMEOUT_MS,
  }).catch(() => '');
  const [, , gid = ''] = output.split('\n', 1)[0]!.split(':');
  if (!/^\d+$/.test(gid)) throw new OperatorError(`There is no group ${group}, which --listen names.`);
  return Number(gid);
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OperatorError(`Cannot listen on ${path}: ${explainSystemError(error)}.`, { cause: error });
  }
}

/** A socket that refuses has no program behind it; one that this user may not open may have. */
async function isListening(path: string): Promise<boolean> {
  try {
    const connection = await Bun.connect({ unix: path, socket: { data() {} } });
    connection.end();
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ECONNREFUSED';
  }
}
