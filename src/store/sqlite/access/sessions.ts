import type { Database } from 'bun:sqlite';
import {
  type AuditEntry,
  MAX_SESSIONS,
  MAX_USER_SESSIONS,
  type Session,
} from '../../../domain/store/access.ts';
import type { AuditWriter } from './audit.ts';

type Hashes = { readonly hash: string };

interface SessionRow {
  readonly hash: string;
  readonly identity: string;
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** Most sessions of one user, and of all users together. */
interface SessionLimits {
  readonly ofUser: number;
  readonly ofAll: number;
}

/** Writes sessions inside the transaction of the group. */
export function sessionWriter(
  db: Database,
  audit: AuditWriter,
  { ofUser, ofAll }: SessionLimits = { ofUser: MAX_USER_SESSIONS, ofAll: MAX_SESSIONS },
) {
  const insert = db.query(
    'INSERT INTO session (hash, user, identity, created, expires) VALUES (?, ?, ?, ?, ?)',
  );
  const endExpired = db.query<Hashes, [number]>('DELETE FROM session WHERE expires <= ? RETURNING hash');
  const endOldestOf = db.query<Hashes, [string, number]>(
    `DELETE FROM session WHERE hash IN
       (SELECT hash FROM session WHERE user = ? ORDER BY created DESC, hash LIMIT -1 OFFSET ?) RETURNING hash`,
  );
  const endFirst = db.query<Hashes, [number]>(
    `DELETE FROM session WHERE hash IN
       (SELECT hash FROM session ORDER BY expires DESC, hash LIMIT -1 OFFSET ?) RETURNING hash`,
  );
  const endSome = db.query<Hashes, [string]>(
    'DELETE FROM session WHERE hash IN (SELECT value FROM json_each(?)) RETURNING hash',
  );
  const endOfUser = db.query<Hashes, [string]>('DELETE FROM session WHERE user = ? RETURNING hash');

  /** Records an end if it ended anything. */
  function recordEnd(ended: readonly Hashes[], entry: AuditEntry): string[] {
    if (ended.length > 0) audit.record(entry);
    return hashesOf(ended);
  }

  return {
    /** Returns the hashes of the sessions that ended for it: expired ones, and those beyond the limits. */
    start({ hash, identity, createdMs, expiresMs }: Session, entry: AuditEntry): string[] {
      const expired = endExpired.all(createdMs);
      // Room is made first, so that a new session is never the one that ends.
      const surplus = [...endOldestOf.all(identity.name, ofUser - 1), ...endFirst.all(ofAll - 1)];
      insert.run(hash, identity.name, JSON.stringify(identity), createdMs, expiresMs);
      audit.record(entry);
      return hashesOf([...expired, ...surplus]);
    },

    /** Returns the hashes of those that there were. */
    end: (hashes: readonly string[], entry: AuditEntry): string[] =>
      recordEnd(endSome.all(JSON.stringify(hashes)), entry),

    /** Returns the hashes of those that there were. */
    endOf: (user: string, entry: AuditEntry): string[] => recordEnd(endOfUser.all(user), entry),
  };
}

const hashesOf = (ended: readonly Hashes[]): string[] => ended.map(({ hash }) => hash);

/** Returns a function that reads the sessions that have not expired at `nowMs`. */
export function sessionReader(db: Database): (nowMs: number) => Session[] {
  const select = db.query<SessionRow, [number]>(
    'SELECT hash, identity, created AS createdMs, expires AS expiresMs FROM session WHERE expires > ?',
  );
  return (nowMs) =>
    select.all(nowMs).map(({ identity, ...session }) => ({ ...session, identity: JSON.parse(identity) }));
}
