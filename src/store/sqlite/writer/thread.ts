import type { Database } from 'bun:sqlite';
import { DEFAULT_THRESHOLDS } from '../../../domain/finding/thresholds.ts';
import type { Notice } from '../../../domain/store/upkeep.ts';
import { batchNameReader } from '../../writer/batch-names.ts';
import { Schedule } from '../../writer/schedule.ts';
import type { Write } from '../../writer/write.ts';
import { explainOpenError, leaveLog, openForWriting } from '../file/connection.ts';
import { openFiles } from '../file/files.ts';
import { migrate } from '../file/migrate.ts';
import { judgeAnew } from '../findings/kept.ts';
import { groupCommitter } from './commit.ts';
import { type Message, unpackRequest } from './message.ts';
import type { GroupOutcome, ThreadAnswer, ThreadRequest } from './protocol.ts';

// The thread that writes to the database, so that no request waits for a sync of the disk.
declare const self: { onmessage: (event: { data: Message }) => void };

let db: Database | undefined;
let commitGroup: (writes: readonly Write[]) => GroupOutcome;
let isLost = false;
const schedule = new Schedule();
const readNames = batchNameReader();
const answer = (message: ThreadAnswer) => postMessage(JSON.stringify(message));
const report = (notice: Notice) => answer({ kind: 'notice', notice });

self.onmessage = ({ data }) => {
  const request = unpackRequest(data, readNames);
  switch (request.kind) {
    case 'open':
      return open(request);
    case 'writes':
      // Later messages are received before this runs, and join the group.
      if (schedule.isEmpty) setImmediate(commitWaiting);
      for (const [index, write] of request.writes.entries()) schedule.add(request.firstId + index, write);
      return;
    case 'close':
      while (!schedule.isEmpty) commitNext();
      // The log's name may belong to another file by now.
      if (db && isLost) leaveLog(db);
      db?.close();
      isLost = false;
      answer({ kind: 'closed' });
  }
};

function commitWaiting(): void {
  if (!schedule.isEmpty) commitNext();
  if (!schedule.isEmpty) setImmediate(commitWaiting);
}

function commitNext(): void {
  const group = schedule.next();
  const outcome = commitGroup(group.map(({ write }) => write));
  answer({ kind: 'group', ids: group.map(({ id }) => id), outcome });
  if (isLost) emptyLog(db!);
}

/**
 * Moves the log into the file that is open, wherever that file is now: a file put in its place must not be
 * opened with a log that is not its own. Does not wait for readers, because every write tries again while the
 * file is lost.
 */
function emptyLog(database: Database): void {
  try {
    database.run('PRAGMA busy_timeout = 0');
    database.run('PRAGMA wal_checkpoint(TRUNCATE)');
    database.run('PRAGMA busy_timeout = 5000');
  } catch {
    // The disk fails as well. Nothing is acknowledged meanwhile.
  }
}

/** Returns a check of the files that reports once when they are lost, and once when they are back. */
function fileChecker(path: string): () => void {
  const files = openFiles(path);
  return () => {
    try {
      files.check();
    } catch (error) {
      if (!isLost) report({ level: 'error', event: 'database_lost', message: (error as Error).message });
      isLost = true;
      throw error;
    }
    if (isLost)
      report({ level: 'info', event: 'database_back', message: `${path} is back; writes are stored again.` });
    isLost = false;
  };
}

function open({ path, cacheBytes, thresholds }: Extract<ThreadRequest, { kind: 'open' }>): void {
  try {
    db = openForWriting(path, cacheBytes);
    const copied = migrate(db, path);
    if (copied) {
      report({ level: 'info', event: 'database_migrated', message: copied });
      // Closing the copied file has dropped SQLite's locks on it (POSIX), so the file is opened again.
      db.close();
      db = openForWriting(path, cacheBytes);
    }
    // SQLite would copy every page that a statement of many rows changes to a temporary file, in case the
    // statement fails half-way: three fifths of all bytes written while jobs are created in bulk. Set only
    // now, because migrations sort millions of rows, and VACUUM copies the whole database to such a file.
    db.run('PRAGMA temp_store = MEMORY');
    judgeAnew(db, thresholds ?? DEFAULT_THRESHOLDS);
    commitGroup = groupCommitter(db, fileChecker(path), thresholds);
    answer({ kind: 'opened' });
  } catch (error) {
    db?.close();
    const known = explainOpenError(path, error);
    const message = known?.message ?? String(error instanceof Error ? error.stack : error);
    answer({ kind: 'notOpened', message, isForPerson: known !== undefined });
  }
}
