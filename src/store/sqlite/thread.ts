import type { Database } from 'bun:sqlite';
import { explainOpenError, openForWriting } from './connection.ts';
import { groupCommitter } from './group.ts';
import { type Message, unpackRequest } from './message.ts';
import { migrate } from './migrate.ts';
import { takePlaces, turnTaker } from './turns.ts';
import type { GroupOutcome, ThreadAnswer, Write } from './write.ts';

// The thread that owns the database for writing, so that no request ever waits for a disk that syncs.
declare const self: { onmessage: (event: { data: Message }) => void };

let db: Database | undefined;
let commitGroup: (writes: readonly Write[]) => GroupOutcome;
const pending: Write[] = [];
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
      pending.push(...request.writes);
      return;
    case 'close':
      while (pending.length > 0) commitTurn();
      db?.close();
      answer({ kind: 'closed' });
  }
};

function commitPending(): void {
  if (pending.length > 0) commitTurn();
  if (pending.length > 0) setImmediate(commitPending);
}

function commitTurn(): void {
  const places = takeTurn(pending);
  answer({ kind: 'group', places, outcome: commitGroup(takePlaces(pending, places)) });
}

function open(path: string, cacheBytes: number | undefined): void {
  try {
    db = openForWriting(path, cacheBytes);
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
