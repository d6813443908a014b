import type { Database } from 'bun:sqlite';
import type { ActState, StoredAct } from '../../../domain/policy/act.ts';
import type { NewNotice } from '../../../domain/policy/notice.ts';
import type { AuditEntry } from '../../../domain/store/access.ts';
import { type Delivery, type DeliveryOutcome, LONGEST_RETRY_MS } from '../../../domain/store/policies.ts';
import type { AuditWriter } from '../access/audit.ts';

/** Rows deleted at once: well under a millisecond. */
const ROWS_AT_ONCE = 100;

/** Writes what policies told and did inside the transaction of the group. */
export function noticeWriter(db: Database, audit: AuditWriter) {
  const insertNotice = db.query(
    `INSERT OR IGNORE INTO notice (policy, audience, name, time, until, expires, content)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertDelivery = db.query(
    "INSERT INTO delivery (notice, way, state, tries, next) VALUES (?, ?, 'waiting', 0, ?)",
  );
  const replaceRun = db.query(
    'INSERT OR REPLACE INTO notice_run (policy, audience, name, job, start, notice) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const forgetSending = db.query("UPDATE delivery SET state = 'unknown' WHERE state = 'sending'");
  // What was to expire while the clock was ahead expires as long after as it would have. Of several notices
  // of a policy to somebody, the newest counts; `until` stays different.
  const steadyTimes = db.query(
    `UPDATE OR IGNORE notice
        SET expires = expires - (time - ?1), until = min(until, ?1 - newer), time = ?1
       FROM (SELECT number AS ahead,
                    row_number() OVER (PARTITION BY policy, audience, name ORDER BY number DESC) - 1 AS newer
               FROM notice WHERE time > ?1)
      WHERE number = ahead`,
  );
  const steadyNext = db.query("UPDATE delivery SET next = ?1 WHERE state = 'waiting' AND next > ?2");
  const steadyActs = db.query('UPDATE act SET time = ?1 WHERE time > ?1');
  const claim = db.query(
    "UPDATE delivery SET state = 'sending', tries = tries + 1 WHERE notice = ? AND way = ? AND state = 'waiting'",
  );
  const settle = db.query(
    "UPDATE delivery SET state = ?, next = ?, error = ? WHERE notice = ? AND way = ? AND state IN ('waiting', 'sending')",
  );
  const replaceAct = db.query(
    'INSERT OR REPLACE INTO act (job, policy, time, state, error, match) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const settleAct = db.query('UPDATE act SET state = ?, error = ? WHERE job = ?');
  const refuse = db.query('INSERT OR IGNORE INTO digest_refusal (user, time) VALUES (?, ?)');
  const accept = db.query('DELETE FROM digest_refusal WHERE user = ?');
  const deleteOld = db.query(
    `DELETE FROM notice WHERE number IN (SELECT number FROM notice WHERE time < ? ORDER BY time LIMIT ${ROWS_AT_ONCE})`,
  );
  const deleteOldActs = db.query(
    `DELETE FROM act WHERE job IN (SELECT job FROM act WHERE time < ? ORDER BY time LIMIT ${ROWS_AT_ONCE})`,
  );

  function record({ ways, runs, ...notice }: NewNotice): void {
    const { policy, audience, name, timeMs, untilMs, expiresMs, subject, says, parts } = notice;
    const content = JSON.stringify({ subject, says, parts });
    const { changes, lastInsertRowid } = insertNotice.run(
      ...[policy, audience, name, timeMs, untilMs, expiresMs, content],
    );
    if (changes === 0) return;
    const number = Number(lastInsertRowid);
    for (const way of ways) insertDelivery.run(number, way, timeMs);
    for (const { job, startMs } of runs) replaceRun.run(policy, audience, name, job, startMs, number);
  }

  return {
    record(notices: readonly NewNotice[]): void {
      for (const notice of notices) record(notice);
    },

    steady(nowMs: number, isStart: boolean): void {
      if (isStart) forgetSending.run();
      steadyTimes.run(nowMs);
      steadyNext.run(nowMs, nowMs + LONGEST_RETRY_MS);
      steadyActs.run(nowMs);
    },

    claim: (notice: number, way: Delivery['way']): boolean => claim.run(notice, way).changes === 1,

    settle(notice: number, way: Delivery['way'], { state, nextMs, error = null }: DeliveryOutcomeRow): void {
      settle.run(state, nextMs, error, notice, way);
    },

    recordAct({ policy, match, timeMs, state, error = null }: ActRow, entry: AuditEntry | undefined): void {
      replaceAct.run(match.id, policy, timeMs, state, error, JSON.stringify(match));
      if (entry) audit.record(entry);
    },

    settleAct(job: string, state: ActState, error: string | null = null): void {
      settleAct.run(state, error, job);
    },

    saveDigestWish(user: string, isWanted: boolean, nowMs: number): void {
      if (isWanted) accept.run(user);
      else refuse.run(user, nowMs);
    },

    /** Deletes what is older than `beforeMs` until `isOver`; returns whether there may be more. */
    expire(beforeMs: number, isOver: () => boolean): boolean {
      while (deleteOld.run(beforeMs).changes + deleteOldActs.run(beforeMs).changes > 0)
        if (isOver()) return true;
      return false;
    },
  };
}

type DeliveryOutcomeRow = Omit<DeliveryOutcome, 'error'> & { readonly error?: string | null };
type ActRow = Omit<StoredAct, 'error'> & { readonly error?: string | null };

export type NoticeWriter = ReturnType<typeof noticeWriter>;
