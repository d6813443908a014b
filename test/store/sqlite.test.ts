import { temporaryFolder } from '../help/folder.ts';
import { openStore } from '../help/store.ts';
import { describeStore } from './contract.ts';

describeStore('SQLite', () => {
  const folder = temporaryFolder();
  return {
    open: (options) => openStore(folder.file('store.db'), options),
    [Symbol.dispose]: folder[Symbol.dispose],
  };
});
