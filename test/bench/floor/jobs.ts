import { Database } from 'bun:sqlite';
import { temporaryFolder } from '../../help/folder.ts';

// The floor of creating jobs: inserts the plain rows of a job and its two nodes, with an index on the id
// only. Arguments: jobs to a durable transaction, and seconds to run; prints the jobs a second.
const [group, seconds] = process.argv.slice(2).map(Number) as [number, number];
using folder = temporaryFolder();
const db = new Database(folder.file('floor.db'));
db.run('PRAGMA journal_mode = WAL');
db.run('PRAGMA synchronous = FULL');
db.run(`CREATE TABLE job (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user INTEGER NOT NULL, state INTEGER NOT NULL,
  start_time INTEGER NOT NULL, end_time INTEGER, detail TEXT NOT NULL) STRICT`);
db.run('CREATE TABLE job_node (job INTEGER, node INTEGER, PRIMARY KEY (job, node)) STRICT, WITHOUT ROWID');
const insert = db.query(
  'INSERT INTO job (id, user, state, start_time, end_time, detail) VALUES (?, ?, ?, ?, ?, ?)',
);
const insertNode = db.query('INSERT INTO job_node (job, node) VALUES (?, ?)');
const detail = JSON.stringify({ account: 'account01', partition: 'batch', name: 'step.sh' });
let made = 0;
const make = db.transaction(() => {
  for (let job = 0; job < group; job++, made++) {
    const { lastInsertRowid } = insert.run(`job-${made}`, made % 500, 1, Date.now(), null, detail);
    insertNode.run(lastInsertRowid, made % 2000);
    insertNode.run(lastInsertRowid, (made + 1) % 2000);
  }
});
make();
const startedMs = performance.now();
const before = made;
while (performance.now() - startedMs < seconds * 1000) make();
console.log(((made - before) * 1000) / (performance.now() - startedMs));
db.close();
