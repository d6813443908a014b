import { openSqlite } from '../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../help/folder.ts';
import { describeStore } from './contract.ts';

describeStore('SQLite', () => {
  const folder = temporaryFolder();
  return {
    open: (options) => openSqlite(folder.file('store.db'), options),
    [Symbol.dispose]: folder[Symbol.dispose],
  };
});
