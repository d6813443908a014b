import type { ActState, StoredAct } from '../../../domain/policy/act.ts';
import type { NewNotice } from '../../../domain/policy/notice.ts';
import type { AuditEntry } from '../../../domain/store/access.ts';
import { type Delivery, type DeliveryOutcome, LONGEST_RETRY_MS } from '../../../domain/store/policies.ts';
import type { AuditWriter } from '../access/audit.ts';
import { bulkInserter, type Column, replacing } from '../sql/insert.ts';
import type { Writing } from '../sql/queries.ts';

/** Rows deleted at once. */
const ROWS_AT_ONCE = 500;

const DELIVERY_COLUMNS: readonly Column[] = [
  ['notice', 'bigint'],
  ['way', 'text'],
  ['state', 'text'],
  ['tries', 'integer'],
  ['next', 'bigint'],
];
const RUN_COLUMNS: readonly Column[] = [
  ['policy', 'text'],
  ['audience', 'text'],
  ['name', 'text'],
  ['job', 'text'],
  ['start', 'bigint'],
  ['notice', 'bigint'],
];

/** Notices of a time to come, each with an `until` of its own: the newest of a recipient until now. */
const SELECT_AHEAD = `SELECT number, least(until, $1::bigint - newer) AS "untilMs"
  FROM (SELECT number, until,
               row_number() OVER (PARTITION BY policy, audience, name ORDER BY number DESC) - 1 AS newer
          FROM notice WHERE time > $1::bigint) AS ahead
  ORDER BY number DESC`;
// What was to expire while the clock was ahead expires as long after as it would have. One whose `until` is
// taken by an older notice stays as it is.
const STEADY_NOTICE = `UPDATE notice SET expires = expires - (time - $1::bigint), until = $2::bigint, time = $1::bigint
  WHERE number = $3 AND NOT EXISTS (
    SELECT 1 FROM notice AS other
      WHERE other.policy = notice.policy AND other.audience = notice.audience AND other.name = notice.name
        AND other.until = $2::bigint AND other.number <> $3)`;

/** Writes what policies told and did inside the transaction of the group. */
export function noticeWriter(db: Writing, audit: Pick<AuditWriter, 'record'>) {
  const insertDeliveries = bulkInserter(db, 'delivery', DELIVERY_COLUMNS);
  const replaceRuns = bulkInserter(
    db,
    'notice_run',
    RUN_COLUMNS,
    `ON CONFLICT (policy, audience, name, job) DO UPDATE SET start = excluded.start, notice = excluded.notice`,
  );

  async function record({ ways, runs, ...notice }: NewNotice): Promise<void> {
    const { policy, audience, name, timeMs, untilMs, expiresMs, subject, says, parts } = notice;
    const stored = await db.get<{ number: number }>(
      `INSERT INTO notice (policy, audience, name, time, until, expires, content)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING number`,
      [policy, audience, name, timeMs, untilMs, expiresMs, JSON.stringify({ subject, says, parts })],
    );
    if (!stored) return;
    const { number } = stored;
    insertDeliveries(ways.map((way) => [number, way, 'waiting', 0, timeMs]));
    // A job that is named twice has the last of its starts, as one statement may change a row only once.
    const starts = new Map(runs.map(({ job, startMs }) => [job, startMs]));
    replaceRuns([...starts].map(([job, startMs]) => [policy, audience, name, job, startMs, number]));
  }

  return {
    async record(notices: readonly NewNotice[]): Promise<void> {
      for (const notice of notices) await record(notice);
    },

    async steady(nowMs: number, isStart: boolean): Promise<void> {
      if (isStart) db.send("UPDATE delivery SET state = 'unknown' WHERE state = 'sending'");
      const ahead = await db.all<{ number: number; untilMs: number }>(SELECT_AHEAD, [nowMs]);
      for (const { number, untilMs } of ahead) db.send(STEADY_NOTICE, [nowMs, untilMs, number]);
      db.send("UPDATE delivery SET next = $1 WHERE state = 'waiting' AND next > $2", [
        nowMs,
        nowMs + LONGEST_RETRY_MS,
      ]);
      db.send('UPDATE act SET time = $1::bigint WHERE time > $1::bigint', [nowMs]);
    },

    async claim(notice: number, way: Delivery['way']): Promise<boolean> {
      const claimed = await db.change(
        "UPDATE delivery SET state = 'sending', tries = tries + 1 WHERE notice = $1 AND way = $2 AND state = 'waiting'",
        [notice, way],
      );
      return claimed === 1;
    },

    settle(notice: number, way: Delivery['way'], { state, nextMs, error }: DeliveryOutcome): void {
      db.send(
        "UPDATE delivery SET state = $1, next = $2, error = $3 WHERE notice = $4 AND way = $5 AND state IN ('waiting', 'sending')",
        [state, nextMs, error ?? null, notice, way],
      );
    },

    recordAct({ policy, match, timeMs, state, error }: StoredAct, entry: AuditEntry | undefined): void {
      db.send(
        `INSERT INTO act (job, policy, time, state, error, match) VALUES ($1, $2, $3, $4, $5, $6) ${replacing('job', ACT_COLUMNS)}`,
        [match.id, policy, timeMs, state, error ?? null, JSON.stringify(match)],
      );
      if (entry) audit.record(entry);
    },

    settleAct(job: string, state: ActState, error: string | undefined): void {
      db.send('UPDATE act SET state = $1, error = $2 WHERE job = $3', [state, error ?? null, job]);
    },

    saveDigestWish(user: string, isWanted: boolean, nowMs: number): void {
      if (isWanted) db.send('DELETE FROM digest_refusal WHERE digest_refusal."user" = $1', [user]);
      else
        db.send('INSERT INTO digest_refusal ("user", time) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
          user,
          nowMs,
        ]);
    },

    /** Deletes some notices and acts that are older than `beforeMs`; returns how many. */
    async expire(beforeMs: number): Promise<number> {
      const notices = await db.change(
        `DELETE FROM notice WHERE number IN
           (SELECT number FROM notice WHERE time < $1::bigint ORDER BY time LIMIT ${ROWS_AT_ONCE})`,
        [beforeMs],
      );
      const acts = await db.change(
        `DELETE FROM act WHERE job IN
           (SELECT job FROM act WHERE time < $1::bigint ORDER BY time LIMIT ${ROWS_AT_ONCE})`,
        [beforeMs],
      );
      return notices + acts;
    },
  };
}

const ACT_COLUMNS: readonly Column[] = [
  ['job', 'text'],
  ['policy', 'text'],
  ['time', 'bigint'],
  ['state', 'text'],
  ['error', 'text'],
  ['match', 'text'],
];

export type NoticeWriter = ReturnType<typeof noticeWriter>;
