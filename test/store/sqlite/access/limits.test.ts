import { expect, test } from 'bun:test';
import type { Identity } from '../../../../src/domain/caller.ts';
import { auditEntry } from '../../../../src/domain/store/access.ts';
import { auditReader, auditWriter } from '../../../../src/store/sqlite/access/audit.ts';
import { sessionReader, sessionWriter } from '../../../../src/store/sqlite/access/sessions.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { writeApplier } from '../../../../src/store/sqlite/writer/apply.ts';
import { temporaryFolder } from '../../../help/folder.ts';

function emptyDatabase() {
  const folder = temporaryFolder();
  const db = openForWriting(folder.file('a.db'));
  migrate(db, folder.file('a.db'));
  return {
    db,
    [Symbol.dispose]() {
      db.close();
      folder[Symbol.dispose]();
    },
  };
}

const identity = (name: string): Identity => ({ name, proof: 'munge', isLocal: false });

test('when there are too many sessions of all users, those that expire first end', () => {
  using place = emptyDatabase();
  const sessions = sessionWriter(place.db, auditWriter(place.db), 3);
  const start = (name: string, expiresMs: number) =>
    sessions.start(
      { hash: `of ${name}`, identity: identity(name), createdMs: 0, expiresMs },
      auditEntry(identity(name), 'session_started', name, 0),
    );
  expect([start('a', 30), start('b', 10), start('c', 20)].flat()).toEqual([]);
  expect(start('d', 5)).toEqual(['of b']);
  expect(start('e', 40)).toEqual(['of d']);
  expect(
    sessionReader(place.db)(0)
      .map(({ identity: { name } }) => name)
      .sort(),
  ).toEqual(['a', 'c', 'e']);
});

test('limits hold for sessions of before a restart too, and each start is as fast among many', () => {
  using place = emptyDatabase();
  const open = () => sessionWriter(place.db, auditWriter(place.db));
  const start = (sessions: ReturnType<typeof open>, index: number) =>
    sessions.start(
      { hash: String(index), identity: identity('root'), createdMs: index, expiresMs: 1e9 },
      auditEntry(identity('root'), 'session_started', 'root', index),
      5000,
    );
  const fill = place.db.transaction((sessions: ReturnType<typeof open>) => {
    for (let index = 0; index < 5000; index++) expect(start(sessions, index)).toEqual([]);
  });
  const startedMs = performance.now();
  fill(open());
  // 4 s where each start counts the sessions.
  expect(performance.now() - startedMs).toBeLessThan(2000);
  const reopened = open();
  expect([start(reopened, 5000), start(reopened, 5001)]).toEqual([['0'], ['1']]);
  expect(reopened.end(['2', '3'], auditEntry(identity('root'), 'session_ended', 'root', 0))).toEqual([
    '2',
    '3',
  ]);
  expect([start(reopened, 5002), start(reopened, 5003), start(reopened, 5004)]).toEqual([[], [], ['4']]);
});

test('starts that the disk refused end no sessions', () => {
  using place = emptyDatabase();
  const apply = writeApplier(place.db);
  const start = (index: number) =>
    apply.apply({
      kind: 'startSession',
      session: { hash: String(index), identity: identity('alice'), createdMs: index, expiresMs: 1e9 },
      entry: auditEntry(identity('alice'), 'session_started', 'alice', index),
      maxOfUser: 3,
    });
  expect(start(0)).toEqual([]);
  for (let index = 1; index < 10; index++) {
    place.db.run('BEGIN');
    start(index);
    place.db.run('ROLLBACK');
    apply.forget();
  }
  expect([start(10), start(11), start(12)]).toEqual([[], [], ['0']]);
});

test('entries of sessions leave the audit record when they are too many; those of administrators stay', () => {
  using place = emptyDatabase();
  const audit = auditWriter(place.db, 20);
  const actions = ['token_created', 'session_started', 'session_ended', 'sessions_revoked'] as const;
  for (let index = 0; index < 400; index++)
    audit.record(auditEntry(identity('root'), actions[index % 4]!, String(index), 0));
  let steps = 1;
  while (audit.expire(0, () => true)) steps++;
  expect(steps).toBeGreaterThan(1);
  const left = auditReader(place.db)({ limit: 1000 });
  const ofSessions = left.filter(({ action }) => action === 'session_started' || action === 'session_ended');
  expect(ofSessions.map(({ subject }) => Number(subject)).toSorted((a, b) => a - b)).toEqual([
    ...[381, 382, 385, 386, 389, 390, 393, 394, 397, 398],
  ]);
  expect(left).toHaveLength(200 + ofSessions.length);
});

test('reading a page and deleting old entries search indexes', () => {
  using place = emptyDatabase();
  const planOf = (sql: string) =>
    place.db
      .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => detail)
      .join('\n');
  expect(planOf('SELECT * FROM audit WHERE number < 5 ORDER BY number DESC LIMIT 9')).toMatch(
    /^SEARCH audit USING INTEGER PRIMARY KEY/,
  );
  expect(planOf('SELECT number FROM audit WHERE time < 5 ORDER BY time LIMIT 100')).toContain(
    'USING COVERING INDEX audit_by_time',
  );
});
