import { dlopen, ptr } from 'bun:ffi';
import { Database, SQLiteError } from 'bun:sqlite';
import { closeSync, constants, fstatSync, openSync, realpathSync, rmSync, statSync } from 'node:fs';
import { DatabaseInUse, OperatorError } from '../../../domain/errors.ts';

// A lock on the inode of the database, so that every name of the file (symbolic link, hard link) meets the
// same lock and no helper file can be deleted under it. It is an open file description lock (fcntl
// F_OFD_SETLK, Linux 3.15):
// - The kernel drops it when the process ends in any way. Child processes do not inherit it (Bun opens with
// O_CLOEXEC).
// - SQLite locks other bytes of the file. flock would conflict on NFS, where it locks the whole file.
// - It belongs to the open file, not to the process, so that a second opening in this process is refused as
// well. Rejected alternatives: an abstract socket named by the inode (any user could bind the name, and each
// network namespace has its own names) and SQLite's exclusive mode (a sqlite3 shell left open would keep the
// service from starting).

const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_WRLCK = 1;
const F_UNLCK = 2;
/** SQLite locks the 512 bytes from 0x40000000 (`PENDING_BYTE` in its os.h). */
const LOCKED_BYTE = 0x4000_0400n;

/**
 * Readable by the service and its group, writable by the service, less the umask. SQLite gives its log the
 * same mode.
 */
const FILE_MODE = 0o640;

/** Databases locked by this process, as `device:inode`. */
const held = new Set<string>();

export interface DatabaseLock {
  /** Path of the database without symbolic links; SQLite puts its log beside it. */
  readonly path: string;
  /**
   * To be called after every connection is closed: closing a
   * descriptor of a file drops SQLite's locks on it (POSIX).
   */
  release(): void;
}

/**
 * Locks a database against every other process that writes, until `release` or the end of this process.
 * Creates the file if it is missing. Throws DatabaseInUse if another process has locked it.
 */
export function lockDatabase(path: string): DatabaseLock {
  const present = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (present && held.has(nameInode(present))) throw served(path);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
  try {
    if (!lockFile(fd)) throw served(path);
    const inode = nameInode(fstatSync(fd, { bigint: true }));
    const real = realpathSync(path);
    refuseOlderServer(real);
    held.add(inode);
    return {
      path: real,
      release() {
        held.delete(inode);
        closeSync(fd);
      },
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

const nameInode = ({ dev, ino }: { dev: bigint; ino: bigint }): string => `${dev}:${ino}`;

const served = (path: string, cause?: unknown) =>
  new DatabaseInUse(
    `Another hpc-observe already serves ${path}. Stop it, or name another file with --database.`,
    { cause },
  );

/**
 * Locks the file unless it is locked, and returns whether it did. Throws OperatorError if the file system has
 * no locks.
 */
function lockFile(fd: number): boolean {
  // musl also answers to this name.
  const { symbols } = dlopen('libc.so.6', { fcntl: { args: ['i32', 'i32', 'ptr'], returns: 'i32' } });
  const call = (command: number) => {
    const lock = fileLock();
    return { failed: symbols.fcntl(fd, command, ptr(lock)) !== 0, type: lock.getInt16(0, true) };
  };
  // The holder may have ended between the two calls.
  for (let attempt = 0; attempt < 3; attempt++) {
    if (!call(F_OFD_SETLK).failed) return true;
    const holder = call(F_OFD_GETLK);
    if (!holder.failed && holder.type !== F_UNLCK) return false;
  }
  throw new OperatorError(
    'The file system of the database does not support locks. Name a file on another one with --database.',
  );
}

/**
 * `struct flock` of 64-bit Linux: l_type, l_whence (SEEK_SET),
 * l_start, l_len, l_pid (0, as these commands require).
 */
function fileLock(): DataView {
  const lock = new DataView(new ArrayBuffer(32));
  lock.setInt16(0, F_WRLCK, true);
  lock.setBigInt64(8, LOCKED_BYTE, true);
  lock.setBigInt64(16, 1n, true);
  return lock;
}

/** Version 1.0.0 locked an empty SQLite file beside the database. It may still run during an upgrade. */
function refuseOlderServer(path: string): void {
  const helper = `${path}-lock`;
  if (statSync(helper, { throwIfNoEntry: false })?.size !== 0) return;
  const db = new Database(helper, { create: false, readwrite: true });
  try {
    db.run('BEGIN EXCLUSIVE');
  } catch (error) {
    if (error instanceof SQLiteError && error.code?.startsWith('SQLITE_BUSY')) throw served(path, error);
    throw error;
  } finally {
    db.close();
  }
  rmSync(helper, { force: true });
}
