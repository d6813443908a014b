import { Database } from 'bun:sqlite';
import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OperatorError } from '../../../domain/errors.ts';
import { APPLICATION_ID, damaged, explainOpenError, openToLookAt, readPragma } from '../file/connection.ts';

/**
 * Bytes read and written at once, and after how many they are flushed to the disk, so that no flush is long.
 */
const PIECE_BYTES = 2 ** 20;
const FLUSH_BYTES = 32 * 2 ** 20;
/** Checking a database visits the pages of its indexes in any order. */
const CACHE_BYTES = 256_000_000;
/** Damages that are named of a copy. */
const MAX_DAMAGES = 5;
/** The salts in the header of a write-ahead log (https://sqlite.org/walformat.html, section 1). */
const SALTS = { at: 16, bytes: 8 };

export interface CopyOptions {
  /** Bytes a second at most. */
  readonly bytesPerSecond?: number;
  /** `done` is from 0 to 1. */
  readonly onProgress?: (done: number, step: 'copy' | 'verify') => void;
  /** The permissions of the copy. */
  readonly mode?: number;
}

export interface Copied {
  readonly bytes: number;
  readonly version: number;
  readonly jobs: number;
}

/**
 * Copies a database, which a service may be writing meanwhile, to a new file and verifies the copy. The copy
 * has everything that was acknowledged before the call. It is written as `<to>.partial` first, so that a file
 * of the final name is always complete. Rejects with OperatorError, and leaves nothing behind, if that fails.
 */
export async function copyDatabase(from: string, to: string, options: CopyOptions = {}): Promise<Copied> {
  const partial = `${to}.partial`;
  try {
    await copyFiles(from, partial, options);
    const copied = verifyCopy(partial, () => options.onProgress?.(1, 'verify'));
    await flush(partial);
    await rename(partial, to);
    await flush(dirname(to));
    return copied;
  } catch (error) {
    throw explainOpenError(to, error) ?? error;
  } finally {
    for (const suffix of ['', '-wal', '-shm']) await rm(partial + suffix, { force: true });
  }
}

/**
 * Copies the database and its write-ahead log. A read transaction is open meanwhile, which keeps SQLite from
 * moving later commits into the database and from starting the log anew, with one exception: when all of the
 * log was in the database already, the log may start anew, and then the database alone is complete and does
 * not change. (https://sqlite.org/walformat.html, section 2.5, "WAL locks")
 */
async function copyFiles(from: string, partial: string, options: CopyOptions): Promise<void> {
  const { bytesPerSecond = Number.POSITIVE_INFINITY, onProgress = () => {}, mode = 0o640 } = options;
  const db = openSource(from);
  // SQLite's locks on a file end when any descriptor of it is closed (POSIX), so these are closed last.
  const opened: FileHandle[] = [];
  const openFile = async (path: string, flags: number) => {
    const file = await open(path, flags, mode);
    opened.push(file);
    return file;
  };
  try {
    db.run('BEGIN');
    // The snapshot begins with the first read.
    db.query('SELECT count(*) FROM sqlite_schema').get();
    const source = await openFile(from, constants.O_RDONLY);
    const log = await openFile(`${from}-wal`, constants.O_RDONLY).catch(() => undefined);
    const salts = log && (await readSalts(log));
    // Later commits make the log grow, and are no part of the snapshot.
    const databaseBytes = (await source.stat()).size;
    const logBytes = (await log?.stat())?.size ?? 0;
    const create = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
    const write = pacedWriter(bytesPerSecond, (done) =>
      onProgress(done / (databaseBytes + logBytes), 'copy'),
    );
    await write(source, await openFile(partial, create), databaseBytes);
    if (!log || !salts) return;
    await write(log, await openFile(`${partial}-wal`, create), logBytes);
    if (salts !== (await readSalts(log))) await rm(`${partial}-wal`);
  } finally {
    db.close();
    for (const file of opened) await file.close();
  }
}

/**
 * Opens a database to be looked at, also while a service writes to it. OperatorError if it is missing or not
 * one of hpc-observe.
 */
export function openSource(path: string): Database {
  if (!existsSync(path)) throw new OperatorError(`There is no file ${path}.`);
  let db: Database;
  try {
    db = openToLookAt(path, CACHE_BYTES);
  } catch (error) {
    throw explainOpenError(path, error) ?? error;
  }
  try {
    if (readPragma(db, 'application_id') === APPLICATION_ID) return db;
  } catch (error) {
    db.close();
    throw explainOpenError(path, error) ?? error;
  }
  db.close();
  throw new OperatorError(`${path} is not a database of hpc-observe. Name another file.`);
}

/** Returns the version of a database. OperatorError if it is missing or not one of hpc-observe. */
export function readVersion(path: string): number {
  const db = openSource(path);
  try {
    return readPragma(db, 'user_version');
  } finally {
    db.close();
  }
}

/** Returns the salts of a log; undefined if the log is empty. They change when the log starts anew. */
async function readSalts(log: FileHandle): Promise<string | undefined> {
  const { buffer, bytesRead } = await log.read(Buffer.alloc(SALTS.bytes), 0, SALTS.bytes, SALTS.at);
  return bytesRead < SALTS.bytes ? undefined : buffer.toString('hex');
}

/**
 * Returns a function that copies the first bytes of one file after the other, all of them together at one
 * rate.
 */
function pacedWriter(bytesPerSecond: number, onProgress: (bytes: number) => void) {
  const startedMs = performance.now();
  const piece = Buffer.alloc(PIECE_BYTES);
  let done = 0;
  let unflushed = 0;
  return async (source: FileHandle, target: FileHandle, bytes: number): Promise<void> => {
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await source.read(piece, 0, Math.min(PIECE_BYTES, bytes - at), at);
      if (bytesRead === 0) break;
      for (let written = 0; written < bytesRead; ) {
        written += (await target.write(piece, written, bytesRead - written, at + written)).bytesWritten;
      }
      at += bytesRead;
      done += bytesRead;
      unflushed += bytesRead;
      if (unflushed >= FLUSH_BYTES) {
        await target.datasync();
        unflushed = 0;
      }
      onProgress(done);
      const aheadMs = (done / bytesPerSecond) * 1000 - (performance.now() - startedMs);
      if (aheadMs > 1) await Bun.sleep(aheadMs);
    }
  };
}

/**
 * Moves the log of a copy into the database and checks every page. OperatorError if it is damaged, which the
 * original then is as well.
 */
function verifyCopy(path: string, onBegin: () => void): Copied {
  onBegin();
  const db = new Database(path, { readwrite: true, create: false, strict: true });
  try {
    db.run(`PRAGMA cache_size = -${CACHE_BYTES / 1000}`);
    db.run('PRAGMA wal_checkpoint(TRUNCATE)');
    const damages = db
      .query<{ quick_check: string }, []>(`PRAGMA quick_check(${MAX_DAMAGES})`)
      .all()
      .map((row) => row.quick_check);
    if (damages[0] !== 'ok')
      throw new OperatorError(
        `The copy is damaged, and so is the original: ${damages.join('; ')}. 'hpc-observe check' tells more.`,
      );
    return {
      bytes: readPragma(db, 'page_count') * readPragma(db, 'page_size'),
      version: readPragma(db, 'user_version'),
      jobs: db.query<{ jobs: number }, []>('SELECT count(*) AS jobs FROM job').get()!.jobs,
    };
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('SQLITE_CORRUPT')) throw damaged(path, error);
    throw error;
  } finally {
    db.close();
  }
}

/** Flushes a file or folder to the disk. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Returns the bytes of a database and its log. */
export async function sizeWithLog(path: string): Promise<number> {
  const sizes = await Promise.all(
    [path, `${path}-wal`].map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
