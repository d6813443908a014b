import { accessSync, constants, type Stats, statSync } from 'node:fs';

/** Suffixes of the files of a database in WAL mode: the database, its log and the index of the log. */
const SUFFIXES = ['', '-wal', '-shm'] as const;

/** A path of an open database now leads to another file, so that writes would be lost at the next restart. */
export class FilesChanged extends Error {
  override readonly name = 'FilesChanged';
}

interface OpenFiles {
  /** Throws FilesChanged unless all paths still lead to the open files. Three calls of stat take 6 µs. */
  check(): void;
}

/** Records device and inode of the files of a database that has just been opened. */
export function openFiles(path: string): OpenFiles {
  const files = SUFFIXES.map((suffix) => ({ path: path + suffix, opened: statSync(path + suffix) }));
  return {
    check() {
      for (const file of files) {
        const found = findFile(file.path);
        if (found.ino !== file.opened.ino || found.dev !== file.opened.dev) {
          throw new FilesChanged(
            `${file.path} was replaced by another file while it was open, and nothing can be stored. ` +
              'Move the old file back, or restart the service to use the new one.',
          );
        }
        if (hasOtherRights(found, file.opened)) {
          checkAccess(file.path);
          file.opened = found;
        }
      }
    },
  };
}

function findFile(path: string): Stats {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found) return found;
  } catch (error) {
    throw new FilesChanged(`${path} can no longer be reached, and nothing can be stored.`, {
      cause: error,
    });
  }
  throw new FilesChanged(
    `${path} was removed or renamed while it was open, and nothing can be stored. ` +
      'Move it back, or stop the service and restore a copy.',
  );
}

const hasOtherRights = (one: Stats, other: Stats): boolean =>
  one.mode !== other.mode || one.uid !== other.uid || one.gid !== other.gid;

function checkAccess(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    throw new FilesChanged(
      `${path} is no longer readable and writable for this user, and nothing can be stored. Restore its owner and mode.`,
      { cause: error },
    );
  }
}

/** Returns whether this user may write a file. */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Returns the bytes of a file; 0 if it is missing. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
