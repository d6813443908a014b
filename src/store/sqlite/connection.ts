import { Database, SQLiteError } from 'bun:sqlite';
import { StartError } from '../../domain/errors.ts';

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
  name: 'user_version' | 'application_id' | 'page_count' | 'page_size',
): number {
  return Number(Object.values(db.query(`PRAGMA ${name}`).get() as Record<string, number>)[0]);
}

/** Opens a connection that cannot write. In WAL mode it never waits for the writer. */
export function openForReading(path: string): Database {
  const db = new Database(path, { readwrite: true, create: false, strict: true });
  db.run('PRAGMA busy_timeout = 5000');
  db.run('PRAGMA query_only = ON');
  db.run('PRAGMA cache_size = -8000');
  return db;
}

/** Whether an error says that the disk or the file refuses, rather than that our statement was wrong. */
export function isDiskError(error: unknown): error is SQLiteError {
  return (
    error instanceof SQLiteError &&
    /^SQLITE_(FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN|BUSY|LOCKED|NOMEM|PERM)/.test(error.code ?? '')
  );
}

/** The sentence for a person when a database cannot be opened; undefined when the error is not about that. */
export function explainOpenError(path: string, error: unknown): StartError | undefined {
  if (error instanceof StartError) return error;
  if (!(error instanceof SQLiteError)) return undefined;
  const code = error.code ?? '';
  const say = (text: string) => new StartError(text, { cause: error });
  if (code.startsWith('SQLITE_NOTADB')) {
    return say(`${path} is not a database. Give another file with --database, or move this one away.`);
  }
  if (code.startsWith('SQLITE_CORRUPT')) return damaged(path, error);
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_PERM')) {
    return notWritable(path, error);
  }
  if (code.startsWith('SQLITE_CANTOPEN')) {
    return say(`${path} cannot be opened. Check that its folder exists and is writable for this user.`);
  }
  if (code.startsWith('SQLITE_FULL'))
    return say(`There is no space left for ${path}. Free some and start again.`);
  if (code.startsWith('SQLITE_IOERR'))
    return say(`The disk refuses ${path} (${code}). See the system's log.`);
  return undefined;
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
