import { Database } from 'bun:sqlite';
import { temporaryFolder } from '../../help/folder.ts';

// The floor of batches: appends rows with the same columns, 5,000 to a durable transaction. The arguments are
// the number of seconds to run, and of further columns; prints the rows a second.
const ROWS = 5000;
const further = Array.from({ length: Number(process.argv[3] ?? 0) }, (_, place) => `further${place}`);
using folder = temporaryFolder();
const db = new Database(folder.file('floor.db'));
db.run('PRAGMA journal_mode = WAL');
db.run('PRAGMA synchronous = FULL');
db.run(`CREATE TABLE sample (seq INTEGER PRIMARY KEY, job INTEGER NOT NULL, node INTEGER NOT NULL, time INTEGER NOT NULL,
  cpu REAL NOT NULL, memory INTEGER NOT NULL, gpu REAL${further.map((name) => `, ${name} REAL`).join('')}) STRICT`);
const names = ['job', 'node', 'time', 'cpu', 'memory', 'gpu', ...further];
const insert = db.query(`INSERT INTO sample (${names}) VALUES (${names.map(() => '?')})`);
const values = further.map(() => 0);
const append = db.transaction((batch: number) => {
  for (let row = 0; row < ROWS; row++) {
    for (let place = 0; place < values.length; place++) values[place] = 1e9 + row * 4096.5 + place + batch;
    insert.run(
      row + 1,
      (row % 2000) + 1,
      Date.now(),
      ((row * 7 + batch) % 10_000) / 100,
      4096 + row,
      (row % 1000) / 10,
      ...values,
    );
  }
});
append(0);
const startedMs = performance.now();
let batches = 0;
while (performance.now() - startedMs < Number(process.argv[2]) * 1000) append(++batches);
console.log((batches * ROWS * 1000) / (performance.now() - startedMs));
db.close();
