import {
  type AuditEntry,
  MAX_SESSIONS,
  MAX_USER_SESSIONS,
  type Session,
} from '../../../domain/store/access.ts';
import type { Queries, Writing } from '../sql/queries.ts';
import type { AuditWriter } from './audit.ts';

type Ended = { readonly hash: string };

interface SessionRow {
  readonly hash: string;
  readonly identity: string;
  readonly createdMs: number;
  readonly expiresMs: number;
}

const hashesOf = (ended: readonly Ended[]): string[] => ended.map(({ hash }) => hash);

/** Writes sessions inside the transaction of the group; `maxOfAll` is the most of all users together. */
export function sessionWriter(db: Writing, audit: AuditWriter, maxOfAll = MAX_SESSIONS) {
  /** Records an end if it ended anything. */
  function recordEnd(ended: readonly Ended[], entry: AuditEntry): string[] {
    if (ended.length > 0) audit.record(entry);
    return hashesOf(ended);
  }

  async function count(where = 'true', values: readonly string[] = []): Promise<number> {
    const row = await db.get<{ sessions: number }>(
      `SELECT count(*) AS sessions FROM session WHERE ${where}`,
      values,
    );
    return row!.sessions;
  }

  return {
    /** Returns the hashes of the sessions that ended for it: expired ones, and those beyond the limits. */
    async start(
      { hash, identity, createdMs, expiresMs }: Session,
      entry: AuditEntry,
      maxOfUser = MAX_USER_SESSIONS,
    ): Promise<string[]> {
      const ended = await db.all<Ended>('DELETE FROM session WHERE expires <= $1::bigint RETURNING hash', [
        createdMs,
      ]);
      // Room is made first, so that a new session is never the one that ends.
      const surplusOfUser = (await count('session.user = $1', [identity.name])) + 1 - maxOfUser;
      if (surplusOfUser > 0)
        ended.push(
          ...(await db.all<Ended>(
            `DELETE FROM session WHERE hash IN
               (SELECT hash FROM session WHERE session.user = $1 ORDER BY created, hash LIMIT $2) RETURNING hash`,
            [identity.name, surplusOfUser],
          )),
        );
      const surplusOfAll = (await count()) + 1 - maxOfAll;
      if (surplusOfAll > 0)
        ended.push(
          ...(await db.all<Ended>(
            `DELETE FROM session WHERE hash IN
               (SELECT hash FROM session ORDER BY expires, hash LIMIT $1) RETURNING hash`,
            [surplusOfAll],
          )),
        );
      db.send('INSERT INTO session (hash, "user", identity, created, expires) VALUES ($1, $2, $3, $4, $5)', [
        hash,
        identity.name,
        JSON.stringify(identity),
        createdMs,
        expiresMs,
      ]);
      audit.record(entry);
      return hashesOf(ended);
    },

    /** Returns the hashes of those that there were. */
    end: async (hashes: readonly string[], entry: AuditEntry): Promise<string[]> =>
      recordEnd(
        await db.all<Ended>('DELETE FROM session WHERE hash = ANY($1::text[]) RETURNING hash', [hashes]),
        entry,
      ),

    /** Returns the hashes of those that there were. */
    endOf: async (user: string, entry: AuditEntry): Promise<string[]> =>
      recordEnd(
        await db.all<Ended>('DELETE FROM session WHERE session.user = $1 RETURNING hash', [user]),
        entry,
      ),
  };
}

/** Reads the sessions that have not expired at `nowMs`. */
export async function readSessions(db: Queries, nowMs: number): Promise<Session[]> {
  const rows = await db.all<SessionRow>(
    'SELECT hash, identity, created AS "createdMs", expires AS "expiresMs" FROM session WHERE expires > $1::bigint',
    [nowMs],
  );
  return rows.map(({ identity, ...session }) => ({ ...session, identity: JSON.parse(identity) }));
}
