import { constants, Database, SQLiteError } from 'bun:sqlite';
import { closeSync, openSync } from 'node:fs';
import { OperatorError } from '../../../domain/errors.ts';
import { FilesChanged } from './files.ts';

/** "hpob" in SQLite's header marks the databases of hpc-observe. */
export const APPLICATION_ID = 0x68706f62;

/** Page cache of the writer. Pages that a commit changes beyond it are written twice and read again. */
const CACHE_BYTES = 16_000_000;

/**
 * Opens the one connection that writes; with `synchronous=FULL` a commit returns once it is on disk. Throws
 * OperatorError for the database of another program, which stays unchanged.
 */
export function openForWriting(path: string, cacheBytes = CACHE_BYTES): Database {
  const db = new Database(path, { create: true, readwrite: true, strict: true });
  db.run('PRAGMA busy_timeout = 5000');
  if (isForeign(db)) {
    db.close();
    throw new OperatorError(`${path} is the database of another program. Name another file with --database.`);
  }
  // Only effective before anything else is written (vacuum.ts);
  // later it would change the header at each start.
  if (readPragma(db, 'page_count') === 0) db.run('PRAGMA auto_vacuum = INCREMENTAL');
  db.run('PRAGMA journal_mode = WAL');
  db.run('PRAGMA synchronous = FULL');
  db.run('PRAGMA foreign_keys = ON');
  db.run(`PRAGMA cache_size = -${Math.round(cacheBytes / 1000)}`);
  // 4 MB, SQLite's default. Measured: the commit that moves the log into the database delays the others by
  // about 20 ms; with 8 MB by twice as much, with 2 MB by a little less but more often.
  db.run('PRAGMA wal_autocheckpoint = 1000');
  // Without a limit, a log that grew during a long read would never shrink.
  db.run('PRAGMA journal_size_limit = 67108864');
  return db;
}

/** Whether another program has written to the file. An empty file is free to use. */
function isForeign(db: Database): boolean {
  const owner = readPragma(db, 'application_id');
  if (owner === APPLICATION_ID) return false;
  const objects = db.query<{ n: number }, []>('SELECT count(*) AS n FROM sqlite_schema').get()?.n ?? 0;
  return objects > 0 || owner !== 0 || readPragma(db, 'user_version') !== 0;
}

/** Returns the number that a pragma answers. */
export function readPragma(
  db: Database,
  name: 'user_version' | 'application_id' | 'page_count' | 'page_size' | 'freelist_count' | 'auto_vacuum',
): number {
  return Number(Object.values(db.query(`PRAGMA ${name}`).get() as Record<string, number>)[0]);
}

/** Opens a connection of the service that cannot write. In WAL mode it does not wait for the writer. */
export function openForReading(path: string, cacheBytes = 8_000_000): Database {
  const db = openToLookAt(path, cacheBytes);
  leaveLog(db);
  return db;
}

/**
 * Opens a database, which a service may be using, without writing; leaves no files beside it if none does.
 */
export function openToLookAt(path: string, cacheBytes: number): Database {
  const db = new Database(path, { readwrite: true, create: false, strict: true });
  db.run('PRAGMA busy_timeout = 5000');
  db.run('PRAGMA query_only = ON');
  db.run(`PRAGMA cache_size = -${Math.round(cacheBytes / 1000)}`);
  return db;
}

/** Makes a connection empty the log instead of deleting it by name when it is the last one to close. */
export function leaveLog(db: Database): void {
  db.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 1);
}

export type DiskError = SQLiteError | FilesChanged;

/** Whether an error comes from the disk or the file rather than from a wrong statement. */
export function isDiskError(error: unknown): error is DiskError {
  if (error instanceof FilesChanged) return true;
  return (
    error instanceof SQLiteError &&
    /^SQLITE_(FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN|BUSY|LOCKED|NOMEM|PERM)/.test(error.code ?? '')
  );
}

/** Why a database cannot be opened: error codes of SQLite and the system, and the message for each. */
const OPEN_FAULTS: readonly [
  codes: RegExp,
  explain: (path: string, error: Error, code: string) => OperatorError,
][] = [
  [
    /^SQLITE_NOTADB/,
    (path, cause) =>
      new OperatorError(
        `${path} is not a database. Name another file with --database, or move this one away.`,
        {
          cause,
        },
      ),
  ],
  [/^SQLITE_CORRUPT/, (path, cause) => damaged(path, cause)],
  [/^(SQLITE_(READONLY|PERM)|EACCES|EPERM|EROFS)/, (path, cause) => notWritable(path, cause)],
  [
    /^(SQLITE_FULL|ENOSPC|EDQUOT)/,
    (path, cause) =>
      new OperatorError(`There is no space left for ${path}. Free some space and start again.`, { cause }),
  ],
  [
    /^SQLITE_IOERR/,
    (path, cause, code) =>
      new OperatorError(`The disk reported an error for ${path} (${code}). See the system log.`, { cause }),
  ],
  [
    /^(SQLITE_CANTOPEN|E[A-Z]+$)/,
    (path, cause) =>
      new OperatorError(
        `${path} cannot be opened. Check that its folder exists and that this user can write to it.`,
        {
          cause,
        },
      ),
  ],
];

/** Returns the OperatorError for an error of opening a database; undefined for any other error. */
export function explainOpenError(path: string, error: unknown): OperatorError | undefined {
  if (error instanceof OperatorError) return error;
  if (!(error instanceof Error)) return undefined;
  const code = String((error as { code?: string }).code ?? '');
  if (/^(EMFILE|ENFILE|SQLITE_(CANTOPEN|IOERR))/.test(code) && !hasDescriptorsLeft()) {
    const text = `${path} cannot be opened: too many files are open. Raise the limit (LimitNOFILE= of the unit, or ulimit -n).`;
    return new OperatorError(text, { cause: error });
  }
  return OPEN_FAULTS.find(([codes]) => codes.test(code))?.[1](path, error, code);
}

/** Descriptors that the service needs at least: three connections to the database, its log, a thread. */
const MIN_DESCRIPTORS = 10;

/**
 * Whether this process can open files. SQLite does not
 * report that it could not, and has closed its own by now.
 */
function hasDescriptorsLeft(): boolean {
  const opened: number[] = [];
  try {
    while (opened.length < MIN_DESCRIPTORS) opened.push(openSync('/dev/null', 'r'));
    return true;
  } catch {
    return false;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** The error for a file or folder that this user may not write. */
export function notWritable(path: string, cause?: unknown): OperatorError {
  return new OperatorError(`${path} or its folder is not writable. Make both writable for this user.`, {
    cause,
  });
}

/** The error for a database that lost pages or whose content is invalid. */
export function damaged(path: string, cause?: unknown): OperatorError {
  return new OperatorError(
    `${path} is damaged: it was truncated or overwritten. Restore a copy, or recover what is readable with ` +
      `'sqlite3 ${path} .recover' and start with a new file.`,
    { cause },
  );
}
