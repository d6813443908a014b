import { expect, test } from 'bun:test';
import type { ExpireStep } from '../../../../src/domain/store/upkeep.ts';
import { openForWriting, readPragma } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { pageReturner } from '../../../../src/store/sqlite/file/vacuum.ts';
import { MIGRATIONS } from '../../../../src/store/sqlite/migrations/index.ts';
import { groupCommitter } from '../../../../src/store/sqlite/writer/commit.ts';
import type { Write } from '../../../../src/store/writer/write.ts';
import { pastJob } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';

const INCREMENTAL = 2;
const HOLE_BYTES = 6_000_000;

/** A database with jobs behind a hole of free pages. */
function openWithHole(path: string) {
  const db = openForWriting(path);
  migrate(db, path);
  db.run('INSERT INTO probe VALUES (1, zeroblob(?))', [HOLE_BYTES]);
  const commitGroup = groupCommitter(db);
  const jobs = Array.from({ length: 2000 }, (_, job) =>
    pastJob(`job-${job}`, { nodes: [`n${job % 50}`, `n${50 + (job % 70)}`], user: `u${job % 30}` }),
  );
  commitGroup([{ kind: 'createJobs', jobs }]);
  db.run('DELETE FROM probe');
  return { db, commitGroup, [Symbol.dispose]: () => db.close() };
}

/** Steps of retention until one says that there is no more to do. */
function expireAll(commitGroup: ReturnType<typeof groupCommitter>): void {
  const expire: Write = { kind: 'expire', retention: {}, nowMs: NOON_MS };
  for (let step = 0; step < 5000; step++) {
    const outcome = commitGroup([expire]);
    if (outcome.kind !== 'committed') throw new Error(outcome.message);
    const [one] = outcome.outcomes;
    if (one?.kind !== 'done') throw new Error(JSON.stringify(one));
    if (!(one.value as ExpireStep).hasMore) return;
  }
  throw new Error('It does not end.');
}

test('retention returns free pages to the file system, and the database stays intact', () => {
  using folder = temporaryFolder();
  using file = openWithHole(folder.file('a.db'));
  const { db, commitGroup } = file;
  expect(readPragma(db, 'freelist_count') * 4096).toBeGreaterThan(HOLE_BYTES * 0.99);
  expireAll(commitGroup);
  const [pages, free] = [readPragma(db, 'page_count'), readPragma(db, 'freelist_count')];
  expect(free).toBeLessThanOrEqual(256 + pages / 20);
  expect(db.query('SELECT count(*), count(DISTINCT id) FROM job').values()).toEqual([[2000, 2000]]);
  expect(db.query('PRAGMA integrity_check').values()).toEqual([['ok']]);
});

test('free pages are returned a few at a time', () => {
  using folder = temporaryFolder();
  using file = openWithHole(folder.file('a.db'));
  const { db } = file;
  const free = readPragma(db, 'freelist_count');
  const returnPages = pageReturner(db);
  let asked = 0;
  expect(returnPages(() => ++asked === 3)).toBe(true);
  expect(free - readPragma(db, 'freelist_count')).toBe(3 * 16);
});

test('the file of an older version is rewritten without its free pages', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  {
    using db = openForWriting(path);
    db.run('PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM');
    migrate(db, path, MIGRATIONS.slice(0, 6));
    expect(readPragma(db, 'auto_vacuum')).toBe(0);
    db.run(`INSERT INTO probe VALUES (1, zeroblob(2000000)); DELETE FROM probe;`);
    expect(readPragma(db, 'freelist_count')).toBeGreaterThan(400);
  }
  using db = openForWriting(path);
  migrate(db, path);
  expect(readPragma(db, 'auto_vacuum')).toBe(INCREMENTAL);
  expect(readPragma(db, 'freelist_count')).toBe(0);
  expect(Object.values(db.query('PRAGMA journal_mode').get() as object)).toEqual(['wal']);
  expect(db.query('PRAGMA integrity_check').values()).toEqual([['ok']]);
});
