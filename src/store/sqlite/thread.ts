import type { Database } from 'bun:sqlite';
import { explainOpenError, openForWriting } from './connection.ts';
import { groupCommitter } from './group.ts';
import { migrate } from './migrate.ts';
import { type GroupOutcome, rowsOf, type ThreadAnswer, type ThreadRequest, type Write } from './write.ts';

// The thread that owns the database for writing, so that no request ever waits for a disk that syncs.
declare const self: { onmessage: (event: { data: string }) => void };

/** Rows of one transaction: large enough to make the sync cheap, small enough to keep the wait for it short. */
const MAX_GROUP_ROWS = 5_000;

let db: Database | undefined;
let commitGroup: (writes: readonly Write[]) => GroupOutcome;
const pending: Write[] = [];
const answer = (message: ThreadAnswer) => postMessage(JSON.stringify(message));

self.onmessage = ({ data }) => {
  const request: ThreadRequest = JSON.parse(data);
  switch (request.kind) {
    case 'open':
      return open(request.path);
    case 'writes':
      // Whatever came in while the last group was being committed makes up the next one.
      if (pending.length === 0) setImmediate(commitPending);
      pending.push(...request.writes);
      return;
    case 'close':
      db?.close();
      answer({ kind: 'closed' });
  }
};

function commitPending(): void {
  const group = takeGroup();
  answer({ kind: 'group', writes: group.length, outcome: commitGroup(group) });
  if (pending.length > 0) setImmediate(commitPending);
}

/** The oldest writes that fit into one transaction; one alone may be larger. */
function takeGroup(): Write[] {
  let count = 0;
  for (let rows = 0; count < pending.length; count++) {
    rows += rowsOf(pending[count]!);
    if (rows > MAX_GROUP_ROWS && count > 0) break;
  }
  return pending.splice(0, count);
}

function open(path: string): void {
  try {
    db = openForWriting(path);
    migrate(db, path);
    commitGroup = groupCommitter(db);
    answer({ kind: 'opened' });
  } catch (error) {
    db?.close();
    const known = explainOpenError(path, error);
    const message = known?.message ?? String(error instanceof Error ? error.stack : error);
    answer({ kind: 'notOpened', message, isForPerson: known !== undefined });
  }
}
