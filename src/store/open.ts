import { isPostgresAddress } from '../domain/database-address.ts';
import type { StoreOptions } from '../domain/store/options.ts';
import type { Store } from '../domain/store/store.ts';
import { openPostgres } from './postgres/open.ts';
import { openSqlite } from './sqlite/open.ts';

/**
 * Opens the store at a location: the path of an SQLite file, or the address of a PostgreSQL database. Rejects
 * with OperatorError if that fails.
 */
export function openStore(location: string, options: StoreOptions): Promise<Store> {
  return isPostgresAddress(location) ? openPostgres(location, options) : openSqlite(location, options);
}
