import type { ActState, StoredAct } from '../../../domain/policy/act.ts';
import type { Match } from '../../../domain/policy/match.ts';
import type { Notice } from '../../../domain/policy/notice.ts';
import type { Audience } from '../../../domain/policy/policy.ts';
import type { LastNotice, ToldRows, ToldRun } from '../../../domain/policy/told.ts';
import type { Delivery, DueDelivery, NoticePage, StoredNotice } from '../../../domain/store/policies.ts';
import { bindings } from '../sql/bindings.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';

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

const COLUMNS = `number, policy, audience, name, time AS "timeMs", until AS "untilMs", expires AS "expiresMs", content`;
/** Of a notice that nobody took in time, nobody was told. */
const WAS_TOLD = `NOT (EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = number AND state = 'expired')
  AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = number AND state IN ('sent', 'unknown', 'failed')))`;
/** Rows fetched at once of what was told. */
const ROWS_OF_PAGE = 2000;

/** Adds the content and the deliveries of notices. */
async function storedNotices<Row extends NoticeRow>(
  db: Queries,
  rows: readonly Row[],
): Promise<StoredNotice[]> {
  type DeliveryRow = Omit<Delivery, 'error'> & { notice: number; error: string | null };
  const deliveries = new Map<number, Delivery[]>(rows.map(({ number }) => [number, []]));
  for (const { notice, error, ...delivery } of await db.all<DeliveryRow>(
    'SELECT notice, way, state, tries, error FROM delivery WHERE notice = ANY($1::bigint[]) ORDER BY way',
    [[...deliveries.keys()]],
  ))
    deliveries.get(notice)!.push({ ...delivery, ...(error !== null && { error }) });
  return rows.map(({ number, policy, audience, name, timeMs, untilMs, expiresMs, content }) => ({
    ...{ number, policy, audience, name, timeMs, untilMs, expiresMs },
    ...(JSON.parse(content) as Pick<Notice, 'subject' | 'says' | 'parts'>),
    deliveries: deliveries.get(number)!,
  }));
}

/** Reads the deliveries in one way that are due, the oldest first. */
export async function readDue(
  db: Queries,
  way: Delivery['way'],
  nowMs: number,
  limit: number,
): Promise<DueDelivery[]> {
  const rows = await db.all<NoticeRow & { tries: number }>(
    `SELECT tries, ${COLUMNS} FROM delivery JOIN notice ON number = delivery.notice
      WHERE state = 'waiting' AND way = $1 AND next <= $2 ORDER BY next, number LIMIT $3`,
    [way, nowMs, limit],
  );
  const notices = await storedNotices(db, rows);
  return rows.map(({ tries }, index) => ({ notice: notices[index]!, tries }));
}

/** Reads a page of notices, newest first. */
export async function readNotices(
  db: Queries,
  { limit, before = Number.MAX_SAFE_INTEGER, audience, name = '' }: NoticePage,
): Promise<StoredNotice[]> {
  const { values, bind } = bindings();
  const conditions = [`number < ${bind(before)}`];
  if (audience !== undefined) conditions.push(`audience = ${bind(audience)}`, `name = ${bind(name)}`);
  const rows = await db.all<NoticeRow>(
    `SELECT ${COLUMNS} FROM notice WHERE ${conditions.join(' AND ')} ORDER BY number DESC LIMIT ${bind(limit)}`,
    values,
  );
  return storedNotices(db, rows);
}

interface ActRow {
  readonly policy: string;
  readonly timeMs: number;
  readonly state: ActState;
  readonly error: string | null;
  readonly match: string;
}

/** Reads the newest acts since a time. */
export async function readActs(db: Queries, sinceMs: number, limit: number): Promise<StoredAct[]> {
  const rows = await db.all<ActRow>(
    `SELECT policy, time AS "timeMs", state, error, match FROM act WHERE time >= $1 ORDER BY time DESC, job LIMIT $2`,
    [sinceMs, limit],
  );
  return rows.map(({ match, error, ...row }) => ({
    ...row,
    match: JSON.parse(match) as Match,
    ...(error !== null && { error }),
  }));
}

/** Reads the users who do not want the digest. */
export async function readRefusals(db: Queries): Promise<ReadonlySet<string>> {
  const rows = await db.all<{ user: string }>('SELECT digest_refusal."user" FROM digest_refusal');
  return new Set(rows.map(({ user }) => user));
}

/** Reads the secret that signs links in mails. */
export const readLinkSecret = async (db: Queries): Promise<string> =>
  (await db.get<{ value: string }>("SELECT value FROM secret WHERE name = 'links'"))!.value;

/** Reads what was told since a time. */
export async function readTold(db: Queries, sinceMs: number): Promise<ToldRows> {
  const last = await allOf<LastNotice>(
    db,
    `SELECT DISTINCT ON (policy, audience, name) policy, audience, name, time AS "timeMs", until AS "untilMs"
       FROM notice WHERE time >= $1 AND ${WAS_TOLD} ORDER BY policy, audience, name, time DESC, number DESC`,
    sinceMs,
  );
  const runs = await allOf<ToldRun>(
    db,
    `SELECT run.policy, run.audience, run.name, job, start AS "startMs", time AS "timeMs",
            NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = number)
              OR EXISTS (SELECT 1 FROM delivery WHERE delivery.notice = number AND state = 'sent') AS "isDelivered"
       FROM notice JOIN notice_run AS run ON run.notice = number WHERE time >= $1 AND ${WAS_TOLD}`,
    sinceMs,
  );
  return { last, runs };
}

async function allOf<Row>(db: Queries, sql: string, sinceMs: number): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of inPages<Row>(db, sql, [sinceMs], ROWS_OF_PAGE)) rows.push(...page);
  return rows;
}
