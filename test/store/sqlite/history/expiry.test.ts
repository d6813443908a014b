import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { DEFAULT_THRESHOLDS } from '../../../../src/domain/finding/thresholds.ts';
import { auditWriter } from '../../../../src/store/sqlite/access/audit.ts';
import { columnKeeper } from '../../../../src/store/sqlite/columns/keep.ts';
import { findingKeeper } from '../../../../src/store/sqlite/findings/kept.ts';
import { historyWriter } from '../../../../src/store/sqlite/history/retention.ts';
import { jobRowWriter } from '../../../../src/store/sqlite/jobs/row.ts';
import { clusterHistoryWriter } from '../../../../src/store/sqlite/nodes/cluster-history.ts';
import { nodeReportWriter } from '../../../../src/store/sqlite/nodes/reports.ts';
import { noticeWriter } from '../../../../src/store/sqlite/notices/write.ts';
import { logWriter } from '../../../../src/store/sqlite/samples/log.ts';
import { runTallier } from '../../../../src/store/sqlite/tallies/due.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { listReadings, readingsOf } from '../../../help/readings.ts';
import { openStore } from '../../../help/store.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

const names = (count: number) => Array.from({ length: count }, (_, place) => `n${place}`);

/** Jobs that ended at noon, with a sample of each node. */
async function storeWithEnded(path: string, nodesOfJobs: readonly number[]): Promise<void> {
  const store = await openStore(path);
  await store.createJobs(
    nodesOfJobs.map((nodes, job) => ({
      id: `j${job}`,
      user: 'alice',
      nodes: names(nodes),
      state: 'completed',
      startTimeMs: NOON_MS - HOUR_MS,
      endTimeMs: NOON_MS,
    })),
  );
  for (const [job, nodes] of nodesOfJobs.entries()) {
    await store.recordSamples(
      names(nodes).map((node) => ({
        jobId: `j${job}`,
        node,
        timeMs: NOON_MS - 1000,
        cpuUsage: 1,
        memoryUsageMb: 1,
        stamped: false,
      })),
    );
  }
  while (await store.expire({}, NOON_MS + 12 * HOUR_MS));
  await store.close();
}

/**
 * Steps whose clock goes on by 0.3 ms each time it is asked. A step asks sixteen times or
 * so, which must be more than it has parts: one that does not reach all of them never has nothing to do.
 */
function startSteps(path: string) {
  const db = new Database(path, { strict: true });
  db.run('PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF');
  const columns = columnKeeper(db);
  const tallies = runTallier(db, findingKeeper(db, DEFAULT_THRESHOLDS, columns));
  const rows = jobRowWriter(db, tallies, columns);
  let nowMs = 0;
  const history = historyWriter(db, logWriter(db), {
    ...{
      rows,
      tallies,
      columns,
      audit: auditWriter(db),
      nodeReports: nodeReportWriter(db),
      clusterHistory: clusterHistoryWriter(db),
      notices: noticeWriter(db, auditWriter(db)),
      onJobsDeleted() {},
      now: () => (nowMs += 0.3),
    },
  });
  const changes = () => db.query<{ n: number }, []>('SELECT total_changes() AS n').get()!.n;
  return {
    db,
    /** Rows that each step changed. */
    *run(retention: Parameters<typeof history.expire>[0], atMs: number): Generator<number> {
      for (let hasMore = true, count = 0; hasMore; count++) {
        expect(count).toBeLessThan(10_000);
        const before = changes();
        db.run('BEGIN');
        hasMore = history.expire(retention, atMs).hasMore;
        const changed = changes() - before;
        rows.flush();
        db.run('COMMIT');
        yield changed;
      }
    },
    count: (table: string) => db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()!.n,
    [Symbol.dispose]: () => db.close(),
  };
}

test('jobs with many nodes are deleted in small steps that leave no row behind', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  await storeWithEnded(path, [1500, 1, 300, 300, 2, 3]);
  using steps = startSteps(path);
  expect(steps.count('chunk')).toBe(2106);
  const changed = [...steps.run({ jobMs: HOUR_MS }, NOON_MS + YEAR_MS)];
  // Ten pieces, the largest of them changes two tables for each of 100 nodes.
  expect(Math.max(...changed)).toBeLessThan(2500);
  expect(changed.length).toBeGreaterThan(20);
  for (const table of ['job', 'job_node', 'usage', 'chunk', 'sealed_total', 'leftover_run', 'job_count']) {
    expect([table, steps.count(table)]).toEqual([table, 0]);
  }
});

test('samples are replaced by points, and old points deleted, in small steps', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  await storeWithEnded(path, [600]);
  using steps = startSteps(path);
  const retention = { sampleMs: HOUR_MS, summaryMs: 24 * HOUR_MS };
  const thinned = [...steps.run(retention, NOON_MS + 6 * HOUR_MS)];
  expect(steps.db.query('SELECT tier, count(*) AS n FROM chunk GROUP BY tier').all()).toEqual([
    { tier: 1, n: 600 },
  ]);
  const removed = [...steps.run(retention, NOON_MS + YEAR_MS)];
  expect(steps.count('chunk')).toBe(0);
  for (const changed of [...thinned, ...removed]) expect(changed).toBeLessThan(400);
});

test('the id of a deleted job is free at once, and its samples are deleted in later steps', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  await storeWithEnded(path, [300]);
  const store = await openStore(path);
  await store.deleteJob('j0');
  await store.createJob({ id: 'j0', user: 'bob', nodes: ['n0'] }, NOON_MS);
  expect(await listReadings(store, 'j0', {}, 10)).toEqual({ samples: [], total: 0 });
  expect((await store.summarizeJob('j0')).whole.samples).toBe(0);
  while (await store.expire({}, NOON_MS + HOUR_MS));
  await store.close();
  using steps = startSteps(path);
  expect([steps.count('usage'), steps.count('chunk'), steps.count('leftover_run')]).toEqual([0, 0, 0]);
});

test('a chunk or job that cannot be deleted or sealed is set aside and reported once, and all others go on', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  await storeWithEnded(path, [2, 2, 2]);
  const db = new Database(path);
  const refuse = (table: string, what: string) =>
    db.run(`CREATE TRIGGER no_${what} BEFORE DELETE ON ${table} WHEN old.seq = (SELECT min(seq) FROM ${table})
              BEGIN SELECT RAISE(ABORT, 'no ${what} today'); END`);
  refuse('chunk', 'chunk');
  refuse('job', 'job');
  db.run(`CREATE TRIGGER no_seal BEFORE INSERT ON chunk WHEN new.start_time = ${NOON_MS - 2000}
            BEGIN SELECT RAISE(ABORT, 'no seal today'); END`);
  db.close();

  const told: string[] = [];
  const store = await openStore(path, { onNotice: ({ message }) => told.push(message) });
  for (const jobId of ['j0', 'j1']) {
    const timeMs = NOON_MS - (jobId === 'j0' ? 2000 : 3000);
    await store.recordSamples([{ jobId, timeMs, cpuUsage: 1, memoryUsageMb: 1, stamped: false }]);
  }
  for (let round = 0; round < 3; round++) while (await store.expire({}, NOON_MS + 6 * HOUR_MS));
  expect(told).toEqual([
    expect.stringMatching(/^Samples of job "j0" on node "n0" could not be sealed.*no seal today/),
  ]);
  expect((await listReadings(store, 'j0', {}, 10)).total).toBe(3);
  const retention = { sampleMs: HOUR_MS, jobMs: 24 * HOUR_MS };
  for (let round = 0; round < 3; round++) while (await store.expire(retention, NOON_MS + 6 * HOUR_MS));
  for (let round = 0; round < 3; round++) while (await store.expire(retention, NOON_MS + YEAR_MS));
  expect(told.slice(1)).toEqual([
    expect.stringMatching(/^Samples of job "j0" are past their retention .*: no chunk today/),
    expect.stringMatching(/^Job "j0" is past its retention .*: no job today/),
  ]);
  expect(store.status().setAside).toBe(3);
  expect((await store.listJobs({}, { limit: 10, offset: 0 })).jobs.map(({ id }) => id)).toEqual(['j0']);
  await store.close();
});

test('a damaged chunk of points does not stop the sealing of other chunks', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  await storeWithEnded(path, [1, 1]);
  const told: string[] = [];
  const store = await openStore(path, { onNotice: ({ message }) => told.push(message) });
  const retention = { sampleMs: HOUR_MS };
  while (await store.expire(retention, NOON_MS + 6 * HOUR_MS));
  const db = new Database(path);
  db.run("UPDATE chunk SET data = x'00' WHERE seq = (SELECT min(seq) FROM chunk)");
  db.close();
  for (const jobId of ['j0', 'j1']) {
    await store.recordSamples([
      { jobId, timeMs: NOON_MS - 500, cpuUsage: 1, memoryUsageMb: 1, stamped: false },
    ]);
  }
  while (await store.expire(retention, NOON_MS + 12 * HOUR_MS));
  expect(told).toEqual([]);
  expect((await listReadings(store, 'j1', {}, 10)).samples).toMatchObject([{ point: { samples: 2 } }]);
  await store.close();
});

test('older chunks without points get them in steps and are read meanwhile', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await openStore(path);
  await store.createJob({ id: 'a', user: 'alice', nodes: ['n1'] }, NOON_MS);
  await store.recordSamples(
    Array.from({ length: 8000 }, (_, index) => ({
      jobId: 'a',
      timeMs: NOON_MS + index * 10_000,
      cpuUsage: index % 100,
      memoryUsageMb: index,
      stamped: false,
    })),
  );
  while (await store.expire({}, NOON_MS + 48 * HOUR_MS));
  const db = new Database(path);
  const points = () => db.query('SELECT chunk, points FROM chunk_point ORDER BY chunk').all();
  const before = points();
  expect(before.length).toBe(6);
  const plot = async () => readingsOf((await store.plotSamples('a', {}, 20)).points);
  const points20 = await plot();
  db.run('DELETE FROM chunk_point');
  db.run("UPDATE counter SET value = (SELECT max(seq) FROM chunk) WHERE name = 'chunks_without_points'");
  expect(await plot()).toEqual(points20);
  while (await store.expire({}, NOON_MS + 48 * HOUR_MS));
  expect(points()).toEqual(before);
  expect(await plot()).toEqual(points20);
  db.close();
  await store.close();
});
