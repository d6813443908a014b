import type { Database } from 'bun:sqlite';
import type { ActState, StoredAct } from '../../../domain/policy/act.ts';
import type { Match } from '../../../domain/policy/match.ts';
import type { Notice } from '../../../domain/policy/notice.ts';
import type { Audience } from '../../../domain/policy/policy.ts';
import type { LastNotice, ToldRows, ToldRun } from '../../../domain/policy/told.ts';
import type { Delivery, DueDelivery, NoticePage, StoredNotice } from '../../../domain/store/policies.ts';

interface NoticeRow {
  readonly number: number;
  readonly policy: string;
  readonly audience: Audience;
  readonly name: string;
  readonly timeMs: number;
  readonly untilMs: number;
  readonly expiresMs: number;
  readonly content: string;
}

const COLUMNS =
  'number, policy, audience, name, time AS timeMs, until AS untilMs, expires AS expiresMs, content';
/** Of a notice that nobody took in time, nobody was told. */
const WAS_TOLD = `NOT (EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = number AND state = 'expired')
  AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = number AND state IN ('sent', 'unknown', 'failed')))`;
/** Rows between which others have their turn. */
const ROWS_OF_SLICE = 100;

/** Reads what policies told and did. */
export function noticeReader(db: Database) {
  const selectDue = db.query<NoticeRow & { tries: number }, [string, number, number]>(
    `SELECT tries, ${COLUMNS} FROM delivery INDEXED BY delivery_waiting JOIN notice ON number = delivery.notice
      WHERE state = 'waiting' AND way = ? AND next <= ? ORDER BY next, number LIMIT ?`,
  );
  const selectDeliveries = db.query<Omit<Delivery, 'error'> & { error: string | null }, [number]>(
    'SELECT way, state, tries, error FROM delivery WHERE notice = ? ORDER BY way',
  );
  const selectAll = db.query<NoticeRow, [number, number]>(
    `SELECT ${COLUMNS} FROM notice WHERE number < ? ORDER BY number DESC LIMIT ?`,
  );
  const selectOf = db.query<NoticeRow, [string, string, number, number]>(
    `SELECT ${COLUMNS} FROM notice WHERE audience = ? AND name = ? AND number < ? ORDER BY number DESC LIMIT ?`,
  );
  const selectActs = db.query<ActRow, [number, number]>(
    'SELECT policy, time AS timeMs, state, error, match FROM act WHERE time >= ? ORDER BY time DESC, job LIMIT ?',
  );
  const selectRefusals = db.query<{ user: string }, []>('SELECT user FROM digest_refusal');
  const selectSecret = db.query<{ value: string }, []>("SELECT value FROM secret WHERE name = 'links'");

  const storedNotice = ({ content, ...row }: NoticeRow): StoredNotice => ({
    ...row,
    ...(JSON.parse(content) as Pick<Notice, 'subject' | 'says' | 'parts'>),
    deliveries: selectDeliveries
      .all(row.number)
      .map(({ error, ...delivery }) => ({ ...delivery, ...(error !== null && { error }) })),
  });

  return {
    due: (way: Delivery['way'], nowMs: number, limit: number): DueDelivery[] =>
      selectDue.all(way, nowMs, limit).map(({ tries, ...row }) => ({ notice: storedNotice(row), tries })),

    list({ limit, before = Number.MAX_SAFE_INTEGER, audience, name = '' }: NoticePage): StoredNotice[] {
      const rows =
        audience === undefined ? selectAll.all(before, limit) : selectOf.all(audience, name, before, limit);
      return rows.map(storedNotice);
    },

    acts: (sinceMs: number, limit: number): StoredAct[] =>
      selectActs.all(sinceMs, limit).map(({ match, error, ...row }) => ({
        ...row,
        match: JSON.parse(match) as Match,
        ...(error !== null && { error }),
      })),

    refusals: (): ReadonlySet<string> => new Set(selectRefusals.all().map(({ user }) => user)),

    linkSecret: (): string => selectSecret.get()!.value,
  };
}

interface ActRow {
  readonly policy: string;
  readonly timeMs: number;
  readonly state: ActState;
  readonly error: string | null;
  readonly match: string;
}

/** Reads what was told since a time, in slices. */
export function* readTold(db: Database, sinceMs: number): Generator<undefined, ToldRows> {
  const selectLast = db.query<LastNotice, [number]>(
    `SELECT policy, audience, name, time AS timeMs, until AS untilMs
       FROM notice WHERE time >= ? AND ${WAS_TOLD} ORDER BY time, number`,
  );
  const selectRuns = db.query<Omit<ToldRun, 'isDelivered'> & { isDelivered: number }, [number]>(
    `SELECT run.policy, run.audience, run.name, job, start AS startMs, time AS timeMs,
            NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = number)
              OR EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = number AND state = 'sent') AS isDelivered
       FROM notice JOIN notice_run AS run ON run.notice = number WHERE time >= ? AND ${WAS_TOLD}`,
  );
  const last = new Map<string, LastNotice>();
  let read = 0;
  for (const row of selectLast.iterate(sinceMs)) {
    last.set(JSON.stringify([row.policy, row.audience, row.name]), row);
    if (++read % ROWS_OF_SLICE === 0) yield;
  }
  const runs: ToldRun[] = [];
  for (const row of selectRuns.iterate(sinceMs)) {
    runs.push({ ...row, isDelivered: row.isDelivered === 1 });
    if (++read % ROWS_OF_SLICE === 0) yield;
  }
  return { last: [...last.values()], runs };
}
