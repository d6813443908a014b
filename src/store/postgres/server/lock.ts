import { DatabaseInUse } from '../../../domain/errors.ts';
import { queriesOf } from '../sql/queries.ts';

/** "hpob": distinguishes the lock from those of other programs in the database. */
const LOCK_CLASS = 0x68706f62;

/**
 * Takes the lock of the service that writes to the schema of this connection, which holds it until it is
 * closed. Throws DatabaseInUse if another service has it.
 */
export async function lockDatabase(connection: Bun.ReservedSQL, name: string): Promise<void> {
  const row = await queriesOf(connection).get<{ locked: boolean }>(
    'SELECT pg_try_advisory_lock($1::int4, hashtext(current_schema())) AS locked',
    [LOCK_CLASS],
  );
  if (!row?.locked) {
    throw new DatabaseInUse(
      `${name} is used by another hpc-observe, which may run on another machine. Stop it, or name another database or search_path with --database.`,
    );
  }
}
