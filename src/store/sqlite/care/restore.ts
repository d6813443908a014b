import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DatabaseInUse, OperatorError } from '../../../domain/errors.ts';
import { formatTime } from '../../../domain/time.ts';
import { lockDatabase } from '../file/lock.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { type Copied, type CopyOptions, copyDatabase, readVersion } from './copy.ts';

export interface Restored extends Copied {
  /** The database that was there before; undefined if there was none. */
  readonly before: string | undefined;
}

/**
 * Puts a copy of a backup, verified, where a database is, and moves that one to `<database>.before-<time>`.
 * The new file has its owner and mode. Rejects with OperatorError if a service has the database open, or the
 * backup is not one.
 */
export async function restoreDatabase(
  backup: string,
  database: string,
  nowMs: number,
  { onProgress }: Pick<CopyOptions, 'onProgress'> = {},
): Promise<Restored> {
  const path = resolve(database);
  if (resolve(backup) === path) throw new OperatorError('The backup and the database are the same file.');
  if (!existsSync(dirname(path)))
    throw new OperatorError(`The folder ${dirname(path)} of the database does not exist.`);
  const version = readVersion(backup);
  if (version > MIGRATIONS.length)
    throw new OperatorError(
      `${backup} has version ${version}, and this hpc-observe knows versions up to ${MIGRATIONS.length}. ` +
        'Restore it with the hpc-observe that wrote it, or a newer one.',
    );
  const present = statSync(path, { throwIfNoEntry: false });
  const owner = present ?? statSync(dirname(path));
  const lock = present && lockForRestore(path);
  const target = lock?.path ?? path;
  const restored = `${target}.restored`;
  try {
    const copied = await copyDatabase(backup, restored, {
      ...(onProgress && { onProgress }),
      ...(present && { mode: present.mode & 0o777 }),
    });
    if (process.getuid?.() === 0) await chown(restored, owner.uid, owner.gid);
    const before =
      present &&
      `${target}.before-${formatTime(nowMs)
        .replace(/\.\d+Z$/, 'Z')
        .replaceAll(':', '')}`;
    // The log belongs to the old database: SQLite would apply it to the new one. It is moved last, because
    // SQLite ignores the log of a database that is missing.
    for (const suffix of ['', '-wal', '-shm'])
      if (before && existsSync(target + suffix)) renameSync(target + suffix, before + suffix);
    renameSync(restored, target);
    return { ...copied, before };
  } finally {
    rmSync(restored, { force: true });
    lock?.release();
  }
}

function lockForRestore(path: string) {
  try {
    return lockDatabase(path);
  } catch (error) {
    if (!(error instanceof DatabaseInUse)) throw error;
    throw new OperatorError(
      `${path} is in use by a running hpc-observe. Stop it first (systemctl stop hpc-observe).`,
      {
        cause: error,
      },
    );
  }
}
