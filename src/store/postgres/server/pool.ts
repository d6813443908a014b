import { withoutPassword } from '../../../domain/database-address.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { type Queries, queriesOf } from '../sql/queries.ts';
import { openClient } from './connect.ts';
import { explainOpenError } from './errors.ts';

/** What two ways to one schema of one server have in common. */
const PLACE = `SELECT current_database()::text AS database, current_schema()::text AS schema,
  pg_postmaster_start_time()::text AS started, pg_is_in_recovery() AS "isCopy"`;

/**
 * Rejects with OperatorError unless `pool`, the address of a pool, leads to the schema of `address`: reads of
 * another one would not have what was written.
 */
export async function requireSameDatabase(address: string, pool: string): Promise<void> {
  const [direct, pooled] = await Promise.all([readPlace(address, false), readPlace(pool, true)]);
  if (direct === pooled) return;
  throw new OperatorError(
    `${withoutPassword(pool)} of --database-reads leads to another database or schema than --database: ${pooled} instead of ${direct}. ` +
      'A pool does not pass search_path on; set it with ALTER ROLE … SET search_path.',
  );
}

async function readPlace(address: string, isPooled: boolean): Promise<string> {
  const client = openClient(address, 1, 0, isPooled);
  const db: Queries = queriesOf(client);
  try {
    const place = await db.get<{ database: string; schema: string; started: string; isCopy: boolean }>(PLACE);
    const { database, schema, started, isCopy } = place!;
    return `${database}.${schema} of the ${isCopy ? 'standby' : 'server'} started at ${started}`;
  } catch (error) {
    throw explainOpenError(withoutPassword(address), error) ?? error;
  } finally {
    await client.close({ timeout: 0 });
  }
}

/** A setting that only this check sets. */
const MARK = 'hpc_observe.session';

/**
 * Rejects with OperatorError if `address` leads to a pool that gives each transaction another session of the
 * server: the lock of the writer, its settings and messages belong to one session.
 */
export async function requireOwnSession(address: string): Promise<void> {
  const client = openClient(address, 2, 0, true);
  try {
    const [one, other] = [await client.reserve(), await client.reserve()];
    const mark = crypto.randomUUID();
    await queriesOf(one).get(`SELECT set_config('${MARK}', $1, false)`, [mark]);
    // A pool gives the session that was used last to this transaction, and then has another one for `one`.
    await other.unsafe('BEGIN');
    const found = await queriesOf(one).get<{ mark: string | null }>(
      `SELECT current_setting('${MARK}', true) AS mark`,
    );
    await other.unsafe('ROLLBACK');
    one.release();
    other.release();
    if (found?.mark !== mark)
      throw new OperatorError(
        `${withoutPassword(address)} gives each transaction another session of the server, as pgbouncer does in transaction mode. ` +
          'Name the server itself, or a pool in session mode, with --database; --database-reads may name this one.',
      );
  } catch (error) {
    throw explainOpenError(withoutPassword(address), error) ?? error;
  } finally {
    await client.close({ timeout: 0 });
  }
}
