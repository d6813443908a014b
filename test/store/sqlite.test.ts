import { openSqlite } from '../../src/store/sqlite/open.ts';
import { temporaryFolder } from '../help/folder.ts';
import { describeStore } from './contract.ts';

describeStore('SQLite', () => {
  const folder = temporaryFolder();
  return { open: () => openSqlite(folder.file('store.db')), [Symbol.dispose]: folder[Symbol.dispose] };
});
