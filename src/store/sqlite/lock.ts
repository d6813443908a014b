import { Database, SQLiteError } from 'bun:sqlite';
import { StartError } from '../../domain/errors.ts';

/**
 * Keeps a second server off a database for as long as this process lives. The lock is SQLite's own, held on an empty
 * file beside the database: the kernel drops it however the process ends, so it never has to be removed by hand.
 */
export function lockDatabase(path: string): { release(): void } {
  const db = new Database(`${path}-lock`, { create: true, readwrite: true });
  try {
    db.run('PRAGMA locking_mode = EXCLUSIVE');
    db.run('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (error instanceof SQLiteError && error.code?.startsWith('SQLITE_BUSY')) {
      throw new StartError(
        `Another hpc-observe already serves ${path}. Stop it, or give this one a file of its own with --database.`,
        { cause: error },
      );
    }
    throw error;
  }
  return { release: () => db.close() };
}
