import { withoutPassword } from '../../../domain/database-address.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { COPY_STATE } from '../../copy/tables.ts';
import { openClient, requireSchema, requireServer } from '../server/connect.ts';
import { explainOpenError } from '../server/errors.ts';
import { tryLock, unlockDatabase } from '../server/lock.ts';
import { requireOwnSession } from '../server/pool.ts';
import { type Queries, queriesOf } from '../sql/queries.ts';

/** Indexes of large tables take minutes, and a commit is on disk as the service makes it. */
const SETTINGS = `SET statement_timeout = 0; SET lock_timeout = 0; SET client_min_messages = warning;
  SET maintenance_work_mem = '256MB'; SET client_connection_check_interval = '1s';
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** The server may take a moment to notice that the connection of an ended process is gone. */
const LOCK_TRIES = 20;
const LOCK_PAUSE_MS = 100;

/** A connection that holds the lock of its schema, so that no service writes there. */
export interface CopyConnection {
  readonly name: string;
  readonly connection: Bun.ReservedSQL;
  close(): Promise<void>;
}

/** Connects and takes the lock. Rejects with OperatorError if a service has it, or the server is too old. */
export async function connectToCopy(address: string): Promise<CopyConnection> {
  const name = withoutPassword(address);
  await requireOwnSession(address);
  const client = openClient(address, 1);
  try {
    const connection = await client.reserve();
    await requireServer(connection, name);
    await connection.unsafe(SETTINGS).simple();
    await requireSchema(connection, address, name);
    await requireLock(queriesOf(connection), name);
    return {
      name,
      connection,
      async close() {
        await unlockDatabase(connection).catch(() => {});
        connection.release();
        await client.close({ timeout: 1 });
      },
    };
  } catch (error) {
    await client.close({ timeout: 0 });
    throw explainOpenError(name, error) ?? error;
  }
}

async function requireLock(db: Queries, name: string): Promise<void> {
  for (let attempt = 0; attempt < LOCK_TRIES; attempt++) {
    if (await tryLock(db)) return;
    await Bun.sleep(LOCK_PAUSE_MS);
  }
  throw new OperatorError(`${name} is in use by a running hpc-observe. Stop it first.`);
}

/** Returns whether the schema has a table. */
export async function hasTable(connection: Bun.ReservedSQL, table: string): Promise<boolean> {
  const row = await queriesOf(connection).get(
    "SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = $1 AND relkind IN ('r', 'p')",
    [table],
  );
  return row !== undefined;
}

/** Returns whether the schema has a copy that has not ended. */
export const isPartCopy = (connection: Bun.ReservedSQL): Promise<boolean> => hasTable(connection, COPY_STATE);
