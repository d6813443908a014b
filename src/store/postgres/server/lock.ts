import { type Queries, queriesOf } from '../sql/queries.ts';

/** "hpob": distinguishes the lock of the writer from those of other programs in the database. */
const LOCK_CLASS = 0x68706f62;
/** Shared by all services that wait for the lock, so that the writer knows that there are some. */
const WAITING_CLASS = LOCK_CLASS + 1;
const SCHEMA = 'hashtext(current_schema())';
/** The locks that anybody has of a class and this schema. `pg_locks` shows numbers as they are unsigned. */
const HELD = `FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND objid::bigint = (${SCHEMA}::bigint & 4294967295) AND classid::bigint`;

/**
 * After this silence the server ends the session of the writer, and with it the lock: the process hangs, or
 * the network. Short while another service waits for the lock.
 */
const SILENCE = { alone: '60s', watched: '3s' } as const;

/**
 * Settings of a session that has the lock or waits for it. What the server sends to a machine that has gone
 * is given up after 3 s, too, and a statement of a client that has gone is ended.
 */
export const LEASE_SETTINGS = `SET idle_session_timeout = '${SILENCE.alone}'; SET idle_in_transaction_session_timeout = '${SILENCE.alone}';
  SET tcp_keepalives_idle = 1; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;
  SET tcp_user_timeout = 3000; SET client_connection_check_interval = '1s'`;

/**
 * Tries to take the lock of the service that writes to the schema of this connection, which holds it until it
 * is closed. Returns whether it has it now.
 */
export async function tryLock(db: Queries): Promise<boolean> {
  const row = await db.get<{ locked: boolean }>(
    `SELECT pg_try_advisory_lock($1::int4, ${SCHEMA}) AS locked`,
    [LOCK_CLASS],
  );
  return row?.locked === true;
}

/** Shows the writer that this session waits for the lock; ends when it has the lock, or is closed. */
export const showWaiting = (db: Queries): Promise<unknown> =>
  db.get(`SELECT pg_try_advisory_lock_shared($1::int4, ${SCHEMA})`, [WAITING_CLASS]);

/** Ends what `showWaiting` began. */
export const endWaiting = (db: Queries): Promise<unknown> =>
  db.get(`SELECT pg_advisory_unlock_shared($1::int4, ${SCHEMA})`, [WAITING_CLASS]);

/**
 * Proves to the server that the holder of the lock lives. Returns whether others wait for the lock; if so,
 * the server ends this session after 3 s of silence, otherwise after a minute.
 */
export async function renewLock(db: Queries): Promise<boolean> {
  const row = await db.get<{ silence: string }>(
    `SELECT set_config('idle_session_timeout', silence, false) AS silence,
            set_config('idle_in_transaction_session_timeout', silence, false)
       FROM (SELECT CASE WHEN EXISTS (SELECT ${HELD} = $1::bigint) THEN $2 ELSE $3 END AS silence) AS lease`,
    [WAITING_CLASS, SILENCE.watched, SILENCE.alone],
  );
  return row?.silence === SILENCE.watched;
}

/** Returns whether the session with the process id `pid` of the server has the lock. */
export async function holdsLock(db: Queries, pid: number): Promise<boolean> {
  const row = await db.get<{ held: boolean }>(
    `SELECT EXISTS (SELECT ${HELD} = $1::bigint AND pid = $2::int) AS held`,
    [LOCK_CLASS, pid],
  );
  return row?.held === true;
}

/** A session at the server. */
export interface Session {
  readonly pid: number;
  /** When it began: process ids come again. */
  readonly started: string;
}

/** Returns the session of a connection. */
export const readSession = async (db: Queries): Promise<Session> =>
  (await db.get<Session>(
    'SELECT pid, backend_start::text AS started FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  ))!;

/** Longest wait for the end of a session. */
const END_MS = 1000;

/**
 * Ends an earlier session of this service, and with it the lock, which the server would take for alive where
 * the network has hung.
 */
export const endSession = (db: Queries, { pid, started }: Session): Promise<unknown> =>
  db.get(
    'SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity WHERE pid = $1::int AND backend_start = $2::timestamptz',
    [pid, started, END_MS],
  );

/** Releases the locks before the connection is closed, which the server notices later. */
export async function unlockDatabase(connection: Bun.ReservedSQL): Promise<void> {
  await queriesOf(connection).get('SELECT pg_advisory_unlock_all()');
}
