import { isPostgresAddress, withoutPassword } from '../domain/database-address.ts';
import { OperatorError } from '../domain/errors.ts';

/**
 * Returns the path of the database file, for a command that works on one. Throws OperatorError for a
 * PostgreSQL database; `instead` says how the same is done there.
 */
export function requireDatabaseFile(database: string, instead: string): string {
  if (!isPostgresAddress(database)) return database;
  throw new OperatorError(
    `This command works on a database file, not on ${withoutPassword(database)}. ${instead}`,
  );
}
