import type { Database } from 'bun:sqlite';
import { isDiskError, readPragma } from './connection.ts';

/** SQLite's number of the mode in which free pages can be returned a few at a time. */
const INCREMENTAL = 2;
/** Pages returned in one go: about half a millisecond. */
const SLICE_PAGES = 16;
/** Pages that stay free because the next writes will use them: 5 % of the file and 1 MB. */
const FREE_SHARE = 1 / 20;
const FREE_PAGES = 256;
/** Rewriting a larger file would delay the start by more than half a minute. */
const MAX_REWRITTEN_BYTES = 4_000_000_000;

/**
 * Returns a function that returns free pages to the file system inside the
 * current transaction, in small slices until `isOver`, and whether there
 * are more. It does nothing in a database without incremental vacuum.
 */
export function pageReturner(db: Database): (isOver: () => boolean) => boolean {
  const slice = db.query(`PRAGMA incremental_vacuum(${SLICE_PAGES})`);
  const isReady = readPragma(db, 'auto_vacuum') === INCREMENTAL;
  const hasMore = () => {
    const free = readPragma(db, 'freelist_count');
    return free > FREE_PAGES + readPragma(db, 'page_count') * FREE_SHARE;
  };
  return (isOver) => {
    if (!isReady) return false;
    while (hasMore()) {
      // The pragma answers a row per page and stops when its rows are not read.
      slice.all();
      if (isOver()) return hasMore();
    }
    return false;
  };
}

/**
 * Rewrites the file of an older version so that free pages can be returned; takes about a second per 100 MB.
 * Returns whether it did: a database that is too large, or a disk without room, is left as it is.
 */
export function rewriteOnce(db: Database): boolean {
  const bytes = readPragma(db, 'page_count') * readPragma(db, 'page_size');
  if (readPragma(db, 'auto_vacuum') === INCREMENTAL || bytes > MAX_REWRITTEN_BYTES) return false;
  try {
    db.run('PRAGMA auto_vacuum = INCREMENTAL');
    db.run('VACUUM');
    db.run('PRAGMA wal_checkpoint(TRUNCATE)');
    return true;
  } catch (error) {
    // Nothing has changed; the file just stays larger.
    if (isDiskError(error)) return false;
    throw error;
  }
}
