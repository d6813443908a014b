import type { Store } from '../domain/store/store.ts';
import { openSqlite, type SqliteOptions } from './sqlite/open.ts';

/** Opens the engine that the location names. Today every location is the path of an SQLite file. */
export function openStore(location: string, options: SqliteOptions): Promise<Store> {
  return openSqlite(location, options);
}
