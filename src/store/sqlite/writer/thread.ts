import type { Database } from 'bun:sqlite';
import { explainOpenError, leaveLog, openForWriting } from '../file/connection.ts';
import { openFiles } from '../file/files.ts';
import { migrate } from '../file/migrate.ts';
import { groupCommitter } from './commit.ts';
import { type Message, unpackRequest } from './message.ts';
import { weighWrite } from './parts.ts';
import { takePlaces, turnTaker } from './schedule.ts';
import type { GroupOutcome, ThreadAnswer, Write } from './write.ts';

// The thread that owns the database for writing, so that no request ever waits for a disk that syncs.
declare const self: { onmessage: (event: { data: Message }) => void };

let db: Database | undefined;
let commitGroup: (writes: readonly Write[]) => GroupOutcome;
let isLost = false;
const pending: { readonly id: number; readonly write: Write; readonly weight: number }[] = [];
const takeTurn = turnTaker();
const answer = (message: ThreadAnswer) => postMessage(JSON.stringify(message));

self.onmessage = ({ data }) => {
  const request = unpackRequest(data);
  switch (request.kind) {
    case 'open':
      return open(request.path, request.cacheBytes);
    case 'writes':
      // Whatever came in while the last group was being committed makes up the next one.
      if (pending.length === 0) setImmediate(commitPending);
      for (const [index, write] of request.writes.entries())
        pending.push({ id: request.firstId + index, write, weight: weighWrite(write) });
      return;
    case 'close':
      while (pending.length > 0) commitTurn();
      // What lies under the log's name may be another's by now.
      if (db && isLost) leaveLog(db);
      db?.close();
      answer({ kind: 'closed' });
  }
};

function commitPending(): void {
  if (pending.length > 0) commitTurn();
  if (pending.length > 0) setImmediate(commitPending);
}

function commitTurn(): void {
  const group = takePlaces(pending, takeTurn(pending));
  const outcome = commitGroup(group.map(({ write }) => write));
  answer({ kind: 'group', ids: group.map(({ id }) => id), outcome });
  if (isLost) emptyLog(db!);
}

/**
 * Moves the log into the file that is open, wherever that is now. Otherwise a file that was put in its place would be
 * opened with a log that is not its own. Waits for nobody: as long as the file is lost, every write tries again.
 */
function emptyLog(database: Database): void {
  try {
    database.run('PRAGMA busy_timeout = 0');
    database.run('PRAGMA wal_checkpoint(TRUNCATE)');
    database.run('PRAGMA busy_timeout = 5000');
  } catch {
    // The disk is failing as well; nothing is acknowledged meanwhile.
  }
}

/** Reports once that the files are lost, and once that they are back. */
function fileChecker(path: string): () => void {
  const files = openFiles(path);
  return () => {
    try {
      files.check();
    } catch (error) {
      if (!isLost) answer({ kind: 'notice', level: 'error', text: (error as Error).message });
      isLost = true;
      throw error;
    }
    if (isLost) answer({ kind: 'notice', level: 'info', text: `${path} is back; writes are stored again.` });
    isLost = false;
  };
}

function open(path: string, cacheBytes: number | undefined): void {
  try {
    db = openForWriting(path, cacheBytes);
    const copied = migrate(db, path);
    if (copied) {
      answer({ kind: 'notice', level: 'info', text: copied });
      // Closing the copied file has dropped SQLite's locks of it (POSIX).
      db.close();
      db = openForWriting(path, cacheBytes);
    }
    commitGroup = groupCommitter(db, fileChecker(path));
    answer({ kind: 'opened' });
  } catch (error) {
    db?.close();
    const known = explainOpenError(path, error);
    const message = known?.message ?? String(error instanceof Error ? error.stack : error);
    answer({ kind: 'notOpened', message, isForPerson: known !== undefined });
  }
}
