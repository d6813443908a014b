import type { Database } from 'bun:sqlite';
import {
  type AuditEntry,
  MAX_SESSIONS,
  MAX_USER_SESSIONS,
  type Session,
} from '../../../domain/store/access.ts';
import type { AuditWriter } from './audit.ts';

type Ended = { readonly hash: string; readonly user: string };

interface SessionRow {
  readonly hash: string;
  readonly identity: string;
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** Writes sessions inside the transaction of the group; `maxOfAll` is the most of all users together. */
export function sessionWriter(db: Database, audit: AuditWriter, maxOfAll = MAX_SESSIONS) {
  const insert = db.query(
    'INSERT INTO session (hash, user, identity, created, expires) VALUES (?, ?, ?, ?, ?)',
  );
  const endExpired = db.query<Ended, [number]>('DELETE FROM session WHERE expires <= ? RETURNING hash, user');
  const endOldestOf = db.query<Ended, [string, number]>(
    `DELETE FROM session WHERE hash IN
       (SELECT hash FROM session WHERE user = ? ORDER BY created, hash LIMIT ?) RETURNING hash, user`,
  );
  const endFirst = db.query<Ended, [number]>(
    `DELETE FROM session WHERE hash IN
       (SELECT hash FROM session ORDER BY expires, hash LIMIT ?) RETURNING hash, user`,
  );
  const endSome = db.query<Ended, [string]>(
    'DELETE FROM session WHERE hash IN (SELECT value FROM json_each(?)) RETURNING hash, user',
  );
  const endOfUser = db.query<Ended, [string]>('DELETE FROM session WHERE user = ? RETURNING hash, user');
  const counts = sessionCounts(db);

  /** Records an end if it ended anything. */
  function recordEnd(ended: readonly Ended[], entry: AuditEntry): string[] {
    counts.subtract(ended);
    if (ended.length > 0) audit.record(entry);
    return hashesOf(ended);
  }

  return {
    /** Returns the hashes of the sessions that ended for it: expired ones, and those beyond the limits. */
    start(
      { hash, identity, createdMs, expiresMs }: Session,
      entry: AuditEntry,
      maxOfUser = MAX_USER_SESSIONS,
    ): string[] {
      const ended: Ended[] = [];
      const end = (rows: readonly Ended[]) => {
        counts.subtract(rows);
        ended.push(...rows);
      };
      end(endExpired.all(createdMs));
      // Room is made first, so that a new session is never the one that ends.
      const surplusOfUser = counts.of(identity.name) + 1 - maxOfUser;
      if (surplusOfUser > 0) end(endOldestOf.all(identity.name, surplusOfUser));
      const surplusOfAll = counts.all() + 1 - maxOfAll;
      if (surplusOfAll > 0) end(endFirst.all(surplusOfAll));
      insert.run(hash, identity.name, JSON.stringify(identity), createdMs, expiresMs);
      counts.add(identity.name);
      audit.record(entry);
      return hashesOf(ended);
    },

    /** Returns the hashes of those that there were. */
    end: (hashes: readonly string[], entry: AuditEntry): string[] =>
      recordEnd(endSome.all(JSON.stringify(hashes)), entry),

    /** Returns the hashes of those that there were. */
    endOf: (user: string, entry: AuditEntry): string[] => recordEnd(endOfUser.all(user), entry),

    /** Must be called after a rollback. */
    forget: counts.forget,
  };
}

/**
 * Counts the sessions of each user. Counting them in SQL at each start took 20 ms of the writing thread among
 * 20,000.
 */
function sessionCounts(db: Database) {
  const select = db.query<{ user: string; count: number }, []>(
    'SELECT user, count(*) AS count FROM session GROUP BY user',
  );
  /** Undefined until they are needed. */
  let known: { readonly ofUsers: Map<string, number>; all: number } | undefined;
  function counts() {
    if (known) return known;
    const ofUsers = new Map(select.all().map(({ user, count }) => [user, count]));
    known = { ofUsers, all: ofUsers.values().reduce((sum, one) => sum + one, 0) };
    return known;
  }
  return {
    all: () => counts().all,
    of: (user: string): number => counts().ofUsers.get(user) ?? 0,

    /** Counts a session that was just inserted. */
    add(user: string): void {
      if (!known) return;
      known.ofUsers.set(user, (known.ofUsers.get(user) ?? 0) + 1);
      known.all++;
    },

    /** Leaves out sessions that were just deleted. */
    subtract(ended: readonly Ended[]): void {
      if (!known) return;
      for (const { user } of ended) {
        const left = (known.ofUsers.get(user) ?? 0) - 1;
        if (left > 0) known.ofUsers.set(user, left);
        else known.ofUsers.delete(user);
        known.all--;
      }
    },

    forget(): void {
      known = undefined;
    },
  };
}

const hashesOf = (ended: readonly Ended[]): string[] => ended.map(({ hash }) => hash);

/** Returns a function that reads the sessions that have not expired at `nowMs`. */
export function sessionReader(db: Database): (nowMs: number) => Session[] {
  const select = db.query<SessionRow, [number]>(
    'SELECT hash, identity, created AS createdMs, expires AS expiresMs FROM session WHERE expires > ?',
  );
  return (nowMs) =>
    select.all(nowMs).map(({ identity, ...session }) => ({ ...session, identity: JSON.parse(identity) }));
}
