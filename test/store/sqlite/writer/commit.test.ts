import { expect, test } from 'bun:test';
import { openForReading, openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { jobReader } from '../../../../src/store/sqlite/jobs/read.ts';
import { groupCommitter } from '../../../../src/store/sqlite/writer/commit.ts';
import type { Write } from '../../../../src/store/writer/write.ts';
import { pastJob } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';

function openDatabase() {
  const folder = temporaryFolder();
  const path = folder.file('group.db');
  const db = openForWriting(path);
  migrate(db, path);
  const reader = openForReading(path);
  return {
    db,
    commitGroup: groupCommitter(db),
    /** Reads the committed ids on another connection. */
    ids: () =>
      reader
        .query<{ id: string }, []>('SELECT id FROM job ORDER BY start_time DESC, id')
        .all()
        .map(({ id }) => id),
    created: () => jobReader(reader).totals().created,
    [Symbol.dispose]() {
      reader.close();
      db.close();
      folder[Symbol.dispose]();
    },
  };
}

const create = (id: string, nodes = ['n1']): Write => ({
  kind: 'createJob',
  job: { id, user: 'alice', nodes },
  nowMs: NOON_MS,
});

/** Makes the insertion of one id fail as a bug would. */
const FAIL_ON_BOOM = `CREATE TRIGGER boom AFTER INSERT ON job WHEN new.id = 'boom'
  BEGIN SELECT RAISE(ABORT, 'a fault of ours'); END`;

test('a write that a rule refuses changes nothing, and the other writes of its group are committed', () => {
  using file = openDatabase();
  const outcome = file.commitGroup([create('a'), create('a'), { kind: 'deleteJob', id: 'x' }, create('b')]);
  expect(outcome).toMatchObject({
    kind: 'committed',
    outcomes: [
      { kind: 'done' },
      { kind: 'refused', code: 'conflict' },
      { kind: 'refused', code: 'not_found' },
      { kind: 'done' },
    ],
  });
  expect(file.ids()).toEqual(['a', 'b']);
  expect(file.created()).toBe(2);
});

test('a bug in one write of a group fails only that write', () => {
  using file = openDatabase();
  file.db.run(FAIL_ON_BOOM);
  const outcome = file.commitGroup([create('a'), create('boom'), create('b'), create('a')]);
  expect(outcome).toMatchObject({
    kind: 'committed',
    outcomes: [
      { kind: 'done' },
      { kind: 'fault', message: expect.stringContaining('a fault of ours') },
      { kind: 'done' },
      { kind: 'refused', code: 'conflict' },
    ],
  });
  expect(file.ids()).toEqual(['a', 'b']);
  expect(file.created()).toBe(2);
});

test('a bug in the middle of a batch rolls back the whole batch', () => {
  using file = openDatabase();
  file.db.run(FAIL_ON_BOOM);
  const batch: Write = {
    kind: 'createJobs',
    jobs: ['c', 'boom', 'd'].map((id) => pastJob(id)),
  };
  const outcome = file.commitGroup([create('a'), batch]);
  expect(outcome).toMatchObject({ kind: 'committed', outcomes: [{ kind: 'done' }, { kind: 'fault' }] });
  expect(file.ids()).toEqual(['a']);
});

test('a full disk refuses a whole group, stores nothing of it, and the next group is committed', () => {
  using file = openDatabase();
  file.commitGroup([create('a')]);
  const { page_count: pages } = file.db.query<{ page_count: number }, []>('PRAGMA page_count').get()!;
  file.db.run(`PRAGMA max_page_count = ${pages}`);
  const many = Array.from({ length: 500 }, (_, index) => `node-with-a-long-name-${index}`);
  const refused = file.commitGroup([create('b'), create('large', many), create('c')]);
  expect(refused).toMatchObject({ kind: 'diskError', message: expect.stringContaining('SQLITE_FULL') });
  expect(file.ids()).toEqual(['a']);
  expect(file.created()).toBe(1);
  file.db.run('PRAGMA max_page_count = 1000000');
  expect(file.commitGroup([create('b'), create('large', many)])).toMatchObject({ kind: 'committed' });
  expect(file.ids()).toEqual(['a', 'b', 'large']);
});

test('when a group meets a bug and a full disk, each write gets its own outcome', () => {
  using file = openDatabase();
  file.db.run(FAIL_ON_BOOM);
  file.commitGroup([create('a')]);
  const { page_count: pages } = file.db.query<{ page_count: number }, []>('PRAGMA page_count').get()!;
  file.db.run(`PRAGMA max_page_count = ${pages}`);
  const many = Array.from({ length: 500 }, (_, index) => `node-with-a-long-name-${index}`);
  expect(file.commitGroup([create('b'), create('boom'), create('large', many), create('c')])).toMatchObject({
    kind: 'committed',
    outcomes: [
      { kind: 'done' },
      { kind: 'fault' },
      { kind: 'diskError', message: expect.stringContaining('SQLITE_FULL') },
      { kind: 'done' },
    ],
  });
  expect(file.ids()).toEqual(['a', 'b', 'c']);
});

test('readers see nothing of a group before its commit and all of it afterwards', () => {
  using file = openDatabase();
  file.db.run('BEGIN IMMEDIATE');
  file.db.run("INSERT INTO user (name) VALUES ('alice')");
  expect(file.ids()).toEqual([]);
  file.db.run('ROLLBACK');
  expect(file.commitGroup(['a', 'b', 'c'].map((id) => create(id)))).toMatchObject({ kind: 'committed' });
  expect(file.ids()).toEqual(['a', 'b', 'c']);
});
