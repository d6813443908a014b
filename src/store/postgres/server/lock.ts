import { DatabaseInUse } from '../../../domain/errors.ts';
import { queriesOf } from '../sql/queries.ts';

/** "hpob": distinguishes the lock from those of other programs in the database. */
const LOCK_CLASS = 0x68706f62;
/** The server may take a moment to notice that the connection of an ended service is gone. */
const TRIES = 10;
const PAUSE_MS = 100;

/**
 * Takes the lock of the service that writes to the schema of this connection, which holds it until it is
 * closed. Throws DatabaseInUse if another service has it.
 */
export async function lockDatabase(connection: Bun.ReservedSQL, name: string): Promise<void> {
  for (let attempt = 1; !(await tryLock(connection)); attempt++) {
    if (attempt === TRIES)
      throw new DatabaseInUse(
        `${name} is used by another hpc-observe, which may run on another machine. Stop it, or name another database or search_path with --database.`,
      );
    await Bun.sleep(PAUSE_MS);
  }
}

async function tryLock(connection: Bun.ReservedSQL): Promise<boolean> {
  const row = await queriesOf(connection).get<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock($1::int4, hashtext(current_schema())) AS locked',
    [LOCK_CLASS],
  );
  return row?.locked === true;
}

/** Releases the lock before the connection is closed, which the server notices later. */
export async function unlockDatabase(connection: Bun.ReservedSQL): Promise<void> {
  await connection.unsafe('SELECT pg_advisory_unlock_all()');
}
