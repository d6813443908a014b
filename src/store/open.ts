import type { StoreOptions } from '../domain/store/options.ts';
import type { Store } from '../domain/store/store.ts';
import { openSqlite } from './sqlite/open.ts';

/** Opens the store at a location: the path of an SQLite file. Rejects with OperatorError if that fails. */
export function openStore(location: string, options: StoreOptions): Promise<Store> {
  return openSqlite(location, options);
}
