import { constants, Database, SQLiteError } from 'bun:sqlite';
import { closeSync, openSync } from 'node:fs';
import { StartError } from '../../../domain/errors.ts';
import { FilesChanged } from './files.ts';

/** "hpob" in SQLite's header: tells our databases from those of other programs. */
export const APPLICATION_ID = 0x68706f62;

/** Memory for pages. What one commit changes beyond it is written twice, and read again. */
const CACHE_BYTES = 16_000_000;

/** Opens the one connection that writes. Refuses the database of another program, and leaves it as it is. `synchronous=FULL`: a commit returns when it is on disk. */
export function openForWriting(path: string, cacheBytes = CACHE_BYTES): Database {
  const db = new Database(path, { create: true, readwrite: true, strict: true });
  db.run('PRAGMA busy_timeout = 5000');
  if (isForeign(db)) {
    db.close();
    throw new StartError(`${path} is the database of another program. Give another file with --database.`);
  }
  // Has an effect only before anything else is written (vacuum.ts); later it would change the header at each start.
  if (readPragma(db, 'page_count') === 0) db.run('PRAGMA auto_vacuum = INCREMENTAL');
  db.run('PRAGMA journal_mode = WAL');
  db.run('PRAGMA synchronous = FULL');
  db.run('PRAGMA foreign_keys = ON');
  db.run(`PRAGMA cache_size = -${Math.round(cacheBytes / 1000)}`);
  // 4 MB, SQLite's own choice, said because it was measured: the commit that moves the log into the database keeps the others
  // waiting for about 20 ms. With 8 MB they wait twice as long, with 2 MB a little less, but more often.
  db.run('PRAGMA wal_autocheckpoint = 1000');
  // Without a limit, a log that once grew behind a long read keeps its size for ever.
  db.run('PRAGMA journal_size_limit = 67108864');
  return db;
}

/** An empty file is nobody's yet. */
function isForeign(db: Database): boolean {
  const owner = readPragma(db, 'application_id');
  if (owner === APPLICATION_ID) return false;
  const objects = db.query<{ n: number }, []>('SELECT count(*) AS n FROM sqlite_schema').get()?.n ?? 0;
  return objects > 0 || owner !== 0 || readPragma(db, 'user_version') !== 0;
}

/** The number that a pragma answers. */
export function readPragma(
  db: Database,
  name: 'user_version' | 'application_id' | 'page_count' | 'page_size' | 'freelist_count' | 'auto_vacuum',
): number {
  return Number(Object.values(db.query(`PRAGMA ${name}`).get() as Record<string, number>)[0]);
}

/** Opens a connection that cannot write. In WAL mode it never waits for the writer. */
export function openForReading(path: string, cacheBytes = 8_000_000): Database {
  const db = new Database(path, { readwrite: true, create: false, strict: true });
  db.run('PRAGMA busy_timeout = 5000');
  db.run('PRAGMA query_only = ON');
  db.run(`PRAGMA cache_size = -${Math.round(cacheBytes / 1000)}`);
  leaveLog(db);
  return db;
}

/** Keeps a connection from removing the log by its name when it is the last one to close; it empties it instead. */
export function leaveLog(db: Database): void {
  db.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 1);
}

export type DiskError = SQLiteError | FilesChanged;

/** Whether an error says that the disk or the file refuses, rather than that our statement was wrong. */
export function isDiskError(error: unknown): error is DiskError {
  if (error instanceof FilesChanged) return true;
  return (
    error instanceof SQLiteError &&
    /^SQLITE_(FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN|BUSY|LOCKED|NOMEM|PERM)/.test(error.code ?? '')
  );
}

/** What keeps a database from being opened, by the error codes of SQLite and of the system, and the sentence for each. */
const OPEN_FAULTS: readonly [
  codes: RegExp,
  explain: (path: string, error: Error, code: string) => StartError,
][] = [
  [
    /^SQLITE_NOTADB/,
    (path, cause) =>
      new StartError(`${path} is not a database. Give another file with --database, or move this one away.`, {
        cause,
      }),
  ],
  [/^SQLITE_CORRUPT/, (path, cause) => damaged(path, cause)],
  [/^(SQLITE_(READONLY|PERM)|EACCES|EPERM|EROFS)/, (path, cause) => notWritable(path, cause)],
  [
    /^(SQLITE_FULL|ENOSPC|EDQUOT)/,
    (path, cause) =>
      new StartError(`There is no space left for ${path}. Free some and start again.`, { cause }),
  ],
  [
    /^SQLITE_IOERR/,
    (path, cause, code) =>
      new StartError(`The disk refuses ${path} (${code}). See the system's log.`, { cause }),
  ],
  [
    /^(SQLITE_CANTOPEN|E[A-Z]+$)/,
    (path, cause) =>
      new StartError(
        `${path} cannot be opened. Check that its folder exists and is writable for this user.`,
        {
          cause,
        },
      ),
  ],
];

/** The sentence for a person when a database cannot be opened; undefined when the error is not about that. */
export function explainOpenError(path: string, error: unknown): StartError | undefined {
  if (error instanceof StartError) return error;
  if (!(error instanceof Error)) return undefined;
  const code = String((error as { code?: string }).code ?? '');
  if (/^(EMFILE|ENFILE|SQLITE_(CANTOPEN|IOERR))/.test(code) && !hasDescriptorsLeft()) {
    const text = `${path} cannot be opened: too many files are open. Raise the limit (LimitNOFILE= of the unit, or ulimit -n).`;
    return new StartError(text, { cause: error });
  }
  return OPEN_FAULTS.find(([codes]) => codes.test(code))?.[1](path, error, code);
}

/** What the service opens at the least: the database in three connections, its log, a thread. */
const MIN_DESCRIPTORS = 10;

/** Whether this process can open files. SQLite does not say that it could not, and has closed its own by now. */
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

/** A file or folder that belongs to somebody else. */
export function notWritable(path: string, cause?: unknown): StartError {
  return new StartError(`${path} or its folder cannot be written. Make both writable for this user.`, {
    cause,
  });
}

/** A database of ours that lost pages or holds nonsense. */
export function damaged(path: string, cause?: unknown): StartError {
  return new StartError(
    `${path} is damaged: it was truncated or overwritten. Restore a copy of it, or save what can be read with ` +
      `'sqlite3 ${path} .recover' and start with a new file.`,
    { cause },
  );
}
