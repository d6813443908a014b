import type { AuditEntry, AuditPage, NumberedEntry } from '../../../domain/store/access.ts';
import type { Queries, Writing } from '../sql/queries.ts';

/** Entries deleted at once. */
const ENTRIES_AT_ONCE = 500;
/** Starts and ends of sessions are kept while they are among this many newest entries. */
const MAX_SESSION_ENTRIES = 1_000_000;

/** Writes the audit record inside the transaction of the group. */
export function auditWriter(db: Writing) {
  return {
    record({ timeMs, caller, proof, action, subject, evidence }: AuditEntry): void {
      db.send(
        'INSERT INTO audit (time, caller, proof, action, subject, evidence) VALUES ($1, $2, $3, $4, $5, $6)',
        [timeMs, caller, proof, action, subject, evidence ?? null],
      );
    },

    /** Deletes some entries that are older than `beforeMs`; returns how many. */
    async expire(beforeMs: number): Promise<number> {
      const old = await db.change(
        `DELETE FROM audit WHERE number IN
           (SELECT number FROM audit WHERE time < $1::bigint ORDER BY time LIMIT ${ENTRIES_AT_ONCE})`,
        [beforeMs],
      );
      const ofSessions = await db.change(
        `DELETE FROM audit WHERE number IN
           (SELECT number FROM audit WHERE action IN ('session_started', 'session_ended')
               AND number <= (SELECT max(number) FROM audit) - ${MAX_SESSION_ENTRIES}
             ORDER BY number LIMIT ${ENTRIES_AT_ONCE})`,
      );
      return old + ofSessions;
    },
  };
}

export type AuditWriter = ReturnType<typeof auditWriter>;

/** Reads a page of the audit record, newest first. */
export async function readAudit(
  db: Queries,
  { limit, before = Number.MAX_SAFE_INTEGER }: AuditPage,
): Promise<NumberedEntry[]> {
  const rows = await db.all<Omit<NumberedEntry, 'evidence'> & { evidence: string | null }>(
    `SELECT number, time AS "timeMs", caller, proof, action, subject, evidence FROM audit
      WHERE number < $1::bigint ORDER BY number DESC LIMIT $2`,
    [before, limit],
  );
  return rows.map(({ evidence, ...entry }) => ({ ...entry, ...(evidence !== null && { evidence }) }));
}
