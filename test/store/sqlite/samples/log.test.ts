import type { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import type { JobSample } from '../../../../src/domain/store/samples.ts';
import type { ExpireStep } from '../../../../src/domain/store/upkeep.ts';
import { MAX_UNSEALED_SAMPLES } from '../../../../src/domain/unsealed.ts';
import type { ChunkColumns } from '../../../../src/store/chunk/chunk.ts';
import { openForReading, openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { logShortener } from '../../../../src/store/sqlite/history/shorten-log.ts';
import { logWriter } from '../../../../src/store/sqlite/samples/log.ts';
import { LogIndex } from '../../../../src/store/sqlite/samples/log-index.ts';
import { runThrough, shareIndex, unsealedReader } from '../../../../src/store/sqlite/samples/unsealed.ts';
import { groupCommitter } from '../../../../src/store/sqlite/writer/commit.ts';
import type { Write } from '../../../../src/store/writer/write.ts';
import { MINUTE_MS, pastJob, sample } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';

const EVENING_MS = NOON_MS + 600 * MINUTE_MS;

/** A database whose writes are committed one group at a time, as the writing thread does it. */
function openLog() {
  const folder = temporaryFolder();
  const path = folder.file('log.db');
  const db = openForWriting(path);
  migrate(db, path);
  const commitGroup = groupCommitter(db);
  return {
    db,
    path,
    commit(...writes: Write[]): unknown[] {
      const outcome = commitGroup(writes);
      if (outcome.kind !== 'committed') throw new Error(JSON.stringify(outcome));
      return outcome.outcomes.map((one) => (one.kind === 'done' ? one.value : one));
    },
    /** One step of retention; whether there is more to do. */
    expire(nowMs: number): boolean {
      const [step] = this.commit({ kind: 'expire', retention: {}, nowMs }) as ExpireStep[];
      return step!.hasMore;
    },
    jobSeq: (id: string) =>
      db.query<{ seq: number }, [string]>('SELECT seq FROM job WHERE id = ?').get(id)!.seq,
    [Symbol.dispose]() {
      db.close();
      folder[Symbol.dispose]();
    },
  };
}

/** Counts how often each statement is run through a connection. */
function countStatements(db: Database): Map<string, number> {
  const counts = new Map<string, number>();
  const prepare = db.query.bind(db);
  const count = (sql: string) => counts.set(sql, (counts.get(sql) ?? 0) + 1);
  Object.assign(db, {
    query(sql: string) {
      const statement = prepare(sql);
      return new Proxy(statement, {
        get(target, name) {
          const member = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return (...values: unknown[]) => {
            count(sql);
            return Reflect.apply(member, target, values);
          };
        },
      });
    },
  });
  return counts;
}

const timesRun = (counts: ReadonlyMap<string, number>, part: string): number =>
  [...counts].reduce((sum, [sql, count]) => sum + (sql.includes(part) ? count : 0), 0);

/** Over when it has been asked a few times: a step has time for one or two pieces of work. */
function shortTime(): () => boolean {
  let left = 3;
  return () => left-- <= 0;
}

const nodes = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

/** Returns samples of job a on `count` nodes at one time. */
const moment = (atMs: number, count: number): JobSample[] =>
  nodes(count).map((node) => ({ jobId: 'a', ...sample(atMs, { node, stamped: false }) }));

test('a read of all nodes of a job reads each row of the log once', () => {
  using log = openLog();
  log.commit({ kind: 'createJobs', jobs: [pastJob('a', { nodes: nodes(500) })] });
  for (let at = 0; at < 40; at++) log.commit({ kind: 'recordSamples', samples: moment(at * 1000, 500) });
  using reader = openForReading(log.path);
  const counts = countStatements(reader);
  const unsealed = unsealedReader(reader);
  reader.run('BEGIN');
  const all = runThrough(unsealed.readJob(log.jobSeq('a')));
  expect(all.size).toBe(500);
  const expected = Float64Array.from({ length: 40 }, (_, at) => NOON_MS + at * 1000);
  for (const { times } of all.values()) expect(times).toEqual(expected);
  expect(timesRun(counts, 'SELECT data FROM log')).toBe(40);
  expect([...runThrough(unsealed.countJob(log.jobSeq('a'))).values()]).toEqual(Array(500).fill(40));
  expect(timesRun(counts, 'SELECT data FROM log')).toBe(40);
  const [node] = all.keys();
  const some = runThrough(
    unsealed.readJob(log.jobSeq('a'), { nodes: [node!], fromMs: NOON_MS + 3000, toMs: NOON_MS + 5000 }),
  );
  expect([...some.get(node!)!.times]).toEqual([3000, 4000, 5000].map((ms) => NOON_MS + ms));
});

test('unsealed samples are sorted by time, and keep the order of arrival within a millisecond', () => {
  using log = openLog();
  log.commit({ kind: 'createJobs', jobs: [pastJob('a')] });
  const list = [3, 1, 2, 1, 3, 1, 9, 0].map((ms, index) => ({ ...sample(ms), memoryUsageMb: index }));
  for (const one of list) log.commit({ kind: 'recordSample', jobId: 'a', sample: one });
  const { readSeries } = unsealedReader(log.db);
  const [node] = log.db.query<{ node: number }, []>('SELECT node FROM usage').all();
  const columns = readSeries(log.jobSeq('a'), node!.node);
  expect([...columns.memory]).toEqual([7, 1, 3, 5, 2, 0, 4, 6]);
});

test('a reader of an earlier snapshot still sees samples that have left the log since', () => {
  using log = openLog();
  log.commit({ kind: 'createJobs', jobs: [pastJob('a', { nodes: nodes(20) })] });
  for (let at = 0; at < 100; at++) log.commit({ kind: 'recordSamples', samples: moment(at * 1000, 20) });
  using early = openForReading(log.path);
  using late = openForReading(log.path);
  const index = new LogIndex(false);
  for (const reader of [early, late]) shareIndex(reader, index);
  const job = log.jobSeq('a');
  const total = (found: Map<number, ChunkColumns>) =>
    [...found.values()].reduce((sum, { count }) => sum + count, 0);
  early.run('BEGIN');
  // The moment begins with the first read.
  early.query('SELECT count(*) FROM log').get();
  const reading = unsealedReader(early).readJob(job);
  while (log.expire(EVENING_MS));
  log.commit({ kind: 'recordSamples', samples: moment(MINUTE_MS * 300, 20) });
  late.run('BEGIN');
  expect(total(runThrough(unsealedReader(late).readJob(job)))).toBe(20);
  expect(total(runThrough(reading))).toBe(2000);
  expect(total(runThrough(unsealedReader(early).readJob(job)))).toBe(2000);
  expect(total(runThrough(unsealedReader(late).readJob(job)))).toBe(20);
});

test('a job that reuses the row ids of a deleted job starts without samples', () => {
  using log = openLog();
  const create = (id: string): Write => ({ kind: 'createJobs', jobs: [pastJob(id)] });
  const record = (jobId: string): Write => ({ kind: 'recordSample', jobId, sample: sample(1) });
  const ids = () => log.db.query('SELECT id FROM usage').values().flat();
  const count = (id: string) =>
    [...runThrough(unsealedReader(log.db).countJob(log.jobSeq(id))).values()].reduce(
      (sum, one) => sum + one,
      0,
    );
  log.commit(create('a'), record('a'), record('a'));
  const before = ids();
  log.commit({ kind: 'deleteJob', id: 'a' });
  while (log.expire(NOON_MS));
  log.commit(create('b'), { kind: 'updateJob', id: 'b', patch: { cpuUsage: 1 }, nowMs: NOON_MS });
  expect(ids()).toEqual(before);
  expect(count('b')).toBe(0);
  log.commit(record('b'), { kind: 'deleteJob', id: 'b' });
  while (log.expire(NOON_MS));
  log.commit(create('c'), record('c'));
  expect(ids()).toEqual(before);
  expect(count('c')).toBe(1);
  const repeat: Write = {
    kind: 'recordSamples',
    samples: [{ jobId: 'c', ...sample(1, { stamped: false }) }],
  };
  expect(log.commit(repeat)).toMatchObject([{ stored: 0, repeated: 1 }]);
});

test('sealing many series reads each row of the log once, not once for each series', () => {
  using log = openLog();
  log.commit({ kind: 'createJobs', jobs: [pastJob('a', { nodes: nodes(300) })] });
  for (let at = 0; at < 60; at++) log.commit({ kind: 'recordSamples', samples: moment(at * 1000, 300) });
  const counts = countStatements(log.db);
  const sealed: number[] = [];
  const writer = logWriter(log.db);
  const { shorten } = logShortener(log.db, writer, (_job, _node, { count }) => void sealed.push(count));
  const spans = { olderThanMs: EVENING_MS, beforeMs: 0, maxUnsealed: MAX_UNSEALED_SAMPLES };
  let steps = 0;
  for (; shorten(spans, shortTime()); steps++) expect(steps).toBeLessThan(1000);
  expect(sealed).toEqual(Array(300).fill(60));
  expect(timesRun(counts, 'SELECT data, further FROM log')).toBe(60);
  expect(steps).toBeGreaterThan(100);
  expect(log.db.query('SELECT count(*) FROM log').values()).toEqual([[1]]);
});

test('a series of 60,000 samples is sealed in parts of a few thousand', () => {
  using log = openLog();
  log.commit({ kind: 'createJobs', jobs: [pastJob('a')] });
  const list = Array.from({ length: 60_000 }, (_, at) => ({ jobId: 'a', ...sample(at, { stamped: false }) }));
  log.commit({ kind: 'recordSamples', samples: list });
  const sealed: number[] = [];
  const { shorten } = logShortener(
    log.db,
    logWriter(log.db),
    (_job, _node, { count }) => void sealed.push(count),
  );
  const spans = { olderThanMs: EVENING_MS, beforeMs: 0, maxUnsealed: MAX_UNSEALED_SAMPLES };
  for (let steps = 0; shorten(spans, shortTime()); steps++) expect(steps).toBeLessThan(1000);
  expect(sealed.reduce((sum, one) => sum + one, 0)).toBe(60_000);
  expect(Math.max(...sealed)).toBeLessThan(8000);
});

test('a series that cannot be sealed is set aside for an hour, and the others leave the log', () => {
  using log = openLog();
  log.commit({ kind: 'createJobs', jobs: [pastJob('a', { nodes: nodes(3) })] });
  for (let at = 0; at < 10; at++) log.commit({ kind: 'recordSamples', samples: moment(at * 1000, 3) });
  const job = log.jobSeq('a');
  const [bad] = log.db.query<{ node: number }, []>("SELECT id AS node FROM node WHERE name = 'n1'").all();
  log.db.run(`CREATE TRIGGER boom BEFORE INSERT ON chunk WHEN new.node = ${bad!.node}
    BEGIN SELECT RAISE(ABORT, 'a fault of ours'); END`);
  const expireAll = (nowMs: number) => {
    for (let steps = 0; log.expire(nowMs); steps++) expect(steps).toBeLessThan(100);
  };
  const counts = () => [...runThrough(unsealedReader(log.db).countJob(job))];
  expireAll(EVENING_MS);
  expect(counts()).toEqual([[bad!.node, 10]]);
  expect(log.db.query('SELECT sum(samples) FROM chunk').values()).toEqual([[20]]);
  log.db.run('DROP TRIGGER boom');
  expireAll(EVENING_MS + 30 * MINUTE_MS);
  expect(counts()).toEqual([[bad!.node, 10]]);
  expireAll(EVENING_MS + 61 * MINUTE_MS);
  expect(counts()).toEqual([]);
  expect(log.db.query('SELECT sum(samples) FROM chunk').values()).toEqual([[30]]);
});

test('a batch of late samples reads the runs of their requeued job once', () => {
  using log = openLog();
  const counts = countStatements(log.db);
  const commitGroup = groupCommitter(log.db);
  for (let run = 0; run < 4; run++) {
    commitGroup([
      {
        kind: 'applyReports',
        reports: [
          {
            id: 'a',
            source: 'sacct',
            observedMs: NOON_MS + run * 60 * MINUTE_MS,
            user: 'alice',
            state: 'running',
            nodes: nodes(100),
            startTimeMs: NOON_MS + run * 60 * MINUTE_MS,
          },
        ],
      },
    ]);
  }
  const reads = () => [
    timesRun(counts, 'start AS startMs FROM past_run'),
    timesRun(counts, 'run FROM past_run WHERE seq'),
  ];
  const before = reads();
  const late = Array.from(
    { length: 300 },
    (_, at): JobSample => ({
      jobId: 'a',
      ...sample(at * 1000, { node: `n${at % 100}`, stamped: false }),
    }),
  );
  const outcome = commitGroup([{ kind: 'recordSamples', samples: late }]);
  expect(outcome).toMatchObject({ outcomes: [{ value: { stored: 300, refused: 0 } }] });
  // The starts of the runs, and the nodes of the one that they belong to.
  expect(reads()).toEqual(before.map((count) => count + 1));
  expect(log.db.query('SELECT count(*) FROM usage').values()).toEqual([[100]]);
});

test('in a full log, a series that cannot be sealed does not hold up the rows behind it', () => {
  using log = openLog();
  log.commit({ kind: 'createJobs', jobs: [pastJob('a', { nodes: nodes(3) })] });
  const [bad] = log.db.query<{ node: number }, []>("SELECT id AS node FROM node WHERE name = 'n1'").all();
  log.db.run(`CREATE TRIGGER boom BEFORE INSERT ON chunk WHEN new.node = ${bad!.node}
    BEGIN SELECT RAISE(ABORT, 'a fault of ours'); END`);
  const expire: Write = { kind: 'expire', retention: {}, nowMs: NOON_MS, maxUnsealed: 100 };
  const rows = () => log.db.query<{ n: number }, []>('SELECT count(*) AS n FROM log').get()!.n;
  for (let at = 0; at < 60; at++) {
    log.commit({ kind: 'recordSamples', samples: moment(at * 1000, 3) });
    for (let step = 0; step < 5; step++) log.commit(expire);
    // One row is a quarter of the bound at most; the samples of the series that fails stay.
    expect(rows()).toBeLessThan(30);
  }
});
