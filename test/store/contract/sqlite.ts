import { temporaryFolder } from '../../help/folder.ts';
import { openStore } from '../../help/store.ts';
import type { Place } from './place.ts';

/** Holds one store in an SQLite file. */
export function sqlitePlace(): Place {
  const folder = temporaryFolder();
  return {
    open: (options) => openStore(folder.file('store.db'), options),
    [Symbol.dispose]: folder[Symbol.dispose],
  };
}
