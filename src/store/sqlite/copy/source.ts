import type { Database } from 'bun:sqlite';
import { statSync } from 'node:fs';
import { DatabaseInUse, OperatorError } from '../../../domain/errors.ts';
import type { CopySource, LastNumbers } from '../../copy/side.ts';
import { COPY_STATE } from '../../copy/tables.ts';
import { openSource } from '../care/copy.ts';
import { explainOpenError, readPragma } from '../file/connection.ts';
import { lockDatabase } from '../file/lock.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { copyReader } from './read.ts';

/**
 * Opens the database of a file to be copied to another engine, and keeps services from it until it is closed.
 * Throws OperatorError if a service uses it, or this executable does not know its tables.
 */
export function openCopySource(path: string): CopySource {
  // Before the lock, which would make a missing file.
  openSource(path).close();
  const lock = lockToCopy(path);
  try {
    const db = openSource(lock.path);
    try {
      requireTables(db, path);
      moveLog(db);
    } catch (error) {
      db.close();
      throw error;
    }
    return sourceOf(db, lock.path, path, lock.release);
  } catch (error) {
    lock.release();
    throw explainOpenError(path, error) ?? error;
  }
}

/** Locks a database against services. OperatorError if one has it. */
export function lockToCopy(path: string) {
  try {
    return lockDatabase(path);
  } catch (error) {
    if (!(error instanceof DatabaseInUse)) throw explainOpenError(path, error) ?? error;
    const text = `${path} is in use by a running hpc-observe. Stop it first (systemctl stop hpc-observe); agents and hooks keep what they have meanwhile.`;
    throw new OperatorError(text, { cause: error });
  }
}

/** Whether a database is a copy that has not ended. */
export const isPartCopy = (db: Database): boolean =>
  db.query('SELECT 1 FROM sqlite_schema WHERE name = ?').get(COPY_STATE) !== null;

function requireTables(db: Database, path: string): void {
  const version = readPragma(db, 'user_version');
  if (version !== MIGRATIONS.length)
    throw new OperatorError(
      `${path} has version ${version}, and this hpc-observe copies version ${MIGRATIONS.length}. ` +
        'Start its service once, which migrates it, and stop it again.',
    );
  if (isPartCopy(db)) throw new OperatorError(`${path} is an unfinished copy. Finish it first.`);
}

/**
 * Moves the log of a crashed service into the file, so that its size and time tell whether it has changed.
 */
function moveLog(db: Database): void {
  db.run('PRAGMA query_only = OFF');
  db.run('PRAGMA wal_checkpoint(TRUNCATE)');
  db.run('PRAGMA query_only = ON');
}

function sourceOf(db: Database, path: string, name: string, release: () => void): CopySource {
  const reader = copyReader(db);
  return {
    ...reader,
    name,
    async fingerprint(): Promise<string> {
      const { size, mtimeMs } = statSync(path);
      return `version ${MIGRATIONS.length}, ${size} bytes, ${mtimeMs} ms`;
    },
    async lastNumbers(): Promise<LastNumbers> {
      const rows = db.query<{ name: string; seq: number }, []>('SELECT name, seq FROM sqlite_sequence').all();
      return Object.fromEntries(rows.map((row) => [row.name, row.seq]));
    },
    async close(): Promise<void> {
      db.close();
      release();
    },
  };
}
