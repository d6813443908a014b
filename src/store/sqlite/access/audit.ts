import type { Database } from 'bun:sqlite';
import type { AuditEntry, AuditPage, NumberedEntry } from '../../../domain/store/access.ts';

/** Entries deleted at once: well under a millisecond. */
const ENTRIES_AT_ONCE = 100;
/**
 * Starts and ends of sessions are kept while they are among this many newest entries: anybody can cause them,
 * and they shall neither fill the disk nor push out what administrators did. A million is about 100 MB.
 */
const MAX_SESSION_ENTRIES = 1_000_000;

const COLUMNS = 'number, time AS timeMs, caller, proof, action, subject, evidence';

/** Writes the audit record inside the transaction of the group. */
export function auditWriter(db: Database, maxSessionEntries = MAX_SESSION_ENTRIES) {
  const insert = db.query(
    'INSERT INTO audit (time, caller, proof, action, subject, evidence) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const deleteOld = db.query(
    `DELETE FROM audit
      WHERE number IN (SELECT number FROM audit WHERE time < ? ORDER BY time LIMIT ${ENTRIES_AT_ONCE})`,
  );
  const deleteOfSessions = db.query(
    `DELETE FROM audit WHERE number IN
      (SELECT number FROM audit INDEXED BY audit_of_sessions
        WHERE (action = 'session_started' OR action = 'session_ended')
          AND number <= (SELECT max(number) FROM audit) - ? ORDER BY number LIMIT ${ENTRIES_AT_ONCE})`,
  );

  return {
    record({ timeMs, caller, proof, action, subject, evidence }: AuditEntry): void {
      insert.run(timeMs, caller, proof, action, subject, evidence ?? null);
    },

    /** Deletes entries that are older than `beforeMs` until `isOver`; returns whether there may be more. */
    expire(beforeMs: number, isOver: () => boolean): boolean {
      while (deleteOld.run(beforeMs).changes + deleteOfSessions.run(maxSessionEntries).changes > 0)
        if (isOver()) return true;
      return false;
    },
  };
}

export type AuditWriter = ReturnType<typeof auditWriter>;

/** Returns a function that reads a page of the audit record, newest first. */
export function auditReader(db: Database): (page: AuditPage) => NumberedEntry[] {
  const select = db.query<Row, [number, number]>(
    `SELECT ${COLUMNS} FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?`,
  );
  return ({ limit, before = Number.MAX_SAFE_INTEGER }) =>
    select
      .all(before, limit)
      .map(({ evidence, ...entry }) => ({ ...entry, ...(evidence !== null && { evidence }) }));
}

type Row = Omit<NumberedEntry, 'evidence'> & { readonly evidence: string | null };
