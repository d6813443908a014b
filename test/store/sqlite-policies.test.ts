import { sqlitePlace } from './contract/sqlite.ts';
import { describeStore } from './contract.ts';

describeStore('SQLite', 'policies', sqlitePlace);
