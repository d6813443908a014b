import type { Database } from 'bun:sqlite';
import { isDiskError, readPragma } from './connection.ts';

/** SQLite's number for it: pages that are free can be given back a few at a time. */
const INCREMENTAL = 2;
/** Pages that are moved at once: half a millisecond. */
const SLICE_PAGES = 16;
/** Pages that stay free, because what comes next takes them: a share of the file, and 1 MB. */
const FREE_SHARE = 1 / 20;
const FREE_PAGES = 256;
/** To write a larger file anew takes more than half a minute, and a start must not. */
const MAX_REWRITTEN_BYTES = 4_000_000_000;

/**
 * Gives pages that are free back to the file system, in small slices until `isOver`, inside the transaction of the
 * group; whether there are more to give back. Does nothing in a database that was not made ready for it.
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
      // A row for every page; SQLite stops where reading them does.
      slice.all();
      if (isOver()) return hasMore();
    }
    return false;
  };
}

/**
 * Writes the file of an older version anew, so that its free pages go and later ones can be given back; about a second for
 * each 100 MB. Returns whether it did: a database that is too large, or for which there is no room, stays as it is.
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
    // Nothing has changed; only the room is not gained.
    if (isDiskError(error)) return false;
    throw error;
  }
}
