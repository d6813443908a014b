import { expect, test } from 'bun:test';
import { DEFAULT_THRESHOLDS } from '../../../../src/domain/finding/thresholds.ts';
import { auditWriter } from '../../../../src/store/sqlite/access/audit.ts';
import { columnKeeper } from '../../../../src/store/sqlite/columns/keep.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { findingKeeper } from '../../../../src/store/sqlite/findings/kept.ts';
import { historyWriter } from '../../../../src/store/sqlite/history/retention.ts';
import { jobRowWriter } from '../../../../src/store/sqlite/jobs/row.ts';
import { MIGRATIONS, type Migration } from '../../../../src/store/sqlite/migrations/index.ts';
import { clusterHistoryWriter } from '../../../../src/store/sqlite/nodes/cluster-history.ts';
import { nodeReportWriter } from '../../../../src/store/sqlite/nodes/reports.ts';
import { noticeWriter } from '../../../../src/store/sqlite/notices/write.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { logWriter } from '../../../../src/store/sqlite/samples/log.ts';
import { unsealedReader } from '../../../../src/store/sqlite/samples/unsealed.ts';
import { runTallier } from '../../../../src/store/sqlite/tallies/due.ts';
import { temporaryFolder } from '../../../help/folder.ts';

function migrateFile(path: string, migrations: readonly Migration[]): void {
  using db = openForWriting(path);
  migrate(db, path, migrations);
}

test('migrations keep usage and chunks, which go with their job, and leave no foreign key to the job', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 2));
  {
    using db = openForWriting(path);
    db.run(`INSERT INTO user VALUES (1, 'alice');
      INSERT INTO node VALUES (1, 'n1'), (2, 'n2');
      INSERT INTO job VALUES (1, 'a', 1, 1, 1, 1000, NULL), (2, 'b', 1, 2, 1, 1000, NULL);
      INSERT INTO job_node VALUES (1, 1, 0, 1, 1, 1000), (2, 2, 0, 1, 1, 1000);
      INSERT INTO usage (job, node, time, cpu, memory, gpu, last_sample, sealed, total_samples, oldest, newest,
                         cpu_sum, cpu_max, memory_sum, memory_max, gpu_samples, gpu_sum, gpu_max)
        VALUES (1, 1, 3, 5, 6, 7, 3, 2, 3, 1, 3, 9, 5, 12, 6, 1, 7, 7), (2, 2, 4, 8, 9, NULL, 4, 0, 1, 4, 4, 8, 8, 9, 9, 0, 0, NULL);
      INSERT INTO sample VALUES (3, 1, 1, 2, 3, 5, 6, 7), (4, 2, 2, 0, 4, 8, 9, NULL);
      INSERT INTO chunk VALUES (1, 1, 1, 0, 1, 2, 2, x'00'), (2, 2, 2, 0, 1, 2, 2, x'00');`);
  }
  migrateFile(path, MIGRATIONS);
  using db = openForWriting(path);
  const rows = (sql: string) => db.query(sql).values();
  expect(
    rows(`SELECT job, node, time, cpu, memory, gpu, sealed, oldest, newest
            FROM usage JOIN latest ON latest.usage = usage.id`),
  ).toEqual([
    [1, 1, 3, 5, 6, 7, 2, 1, 3],
    [2, 2, 4, 8, 9, null, 0, 4, 4],
  ]);
  // Without the one that is still in the log.
  expect(rows('SELECT * FROM sealed_total')).toEqual([[1, 2, 4, 5, 6, 6, 0, 0, 7]]);
  expect(rows('SELECT count(*) FROM chunk')).toEqual([[2]]);
  expect(rows('PRAGMA foreign_key_check')).toEqual([]);
  expect(rows('PRAGMA foreign_key_list(usage)')).toEqual([]);
  db.run('DELETE FROM job WHERE seq = 1');
  const columns = columnKeeper(db);
  const tallies = runTallier(db, findingKeeper(db, DEFAULT_THRESHOLDS, columns));
  while (
    historyWriter(db, logWriter(db), {
      rows: jobRowWriter(db, tallies, columns),
      tallies,
      columns,
      audit: auditWriter(db),
      nodeReports: nodeReportWriter(db),
      clusterHistory: clusterHistoryWriter(db),
      notices: noticeWriter(db, auditWriter(db)),
      onJobsDeleted() {},
    }).expire({}, 0).hasMore
  );
  const left = ['usage', 'chunk'].map((table) => rows(`SELECT job FROM ${table}`));
  const latest = rows('SELECT usage FROM latest');
  expect([...left, latest, rows('SELECT * FROM sealed_total')]).toEqual([[[2]], [[2]], [[2]], []]);
});

test('migrations count pending and running jobs by partition', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 4));
  {
    using db = openForWriting(path);
    db.run(`INSERT INTO user VALUES (1, 'alice');
      INSERT INTO node VALUES (1, 'n1');
      INSERT INTO label VALUES (1, 'debug');
      INSERT INTO job VALUES (1, 'a', 1, 1, 1, 1000, NULL, 1), (2, 'b', 1, 1, 0, 1000, NULL, 0), (3, 'c', 1, 1, 2, 1000, 2000, 1);
      INSERT INTO detail (job, partition, sources, standing, standing_ms) VALUES (1, 1, '', 3, 0), (3, 1, '', 8, 0);`);
  }
  migrateFile(path, MIGRATIONS);
  using db = openForWriting(path);
  expect(db.query('SELECT partition, state, jobs FROM live_count').values()).toEqual([
    [0, 0, 1],
    [1, 1, 1],
  ]);
});

test('migrations keep the events of jobs, and drop those that the row of the job already tells', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 6));
  const known = { user: 'alice', nodes: ['n1'], state: 'completed', startTimeMs: 1000, endTimeMs: 2000 };
  const begun = { user: 'alice', nodes: ['n1'], state: 'running', startTimeMs: 1000 };
  const end = { state: 'completed', endTimeMs: 2000 };
  const events: [job: string, source: string, change: object][] = [
    ['made', 'api', { ...known, name: 'x' }],
    ['changed', 'api', begun],
    ['changed', 'api', end],
    ['told', 'sacct', known],
    ['odd', 'api', { ...known, startTimeMs: 1500 }],
  ];
  {
    using db = openForWriting(path);
    db.run("INSERT INTO user VALUES (1, 'alice'); INSERT INTO node VALUES (1, 'n1');");
    for (const [index, id] of ['made', 'changed', 'told', 'odd', 'ancient'].entries()) {
      db.run('INSERT INTO job VALUES (?, ?, 1, 1, 2, 1000, 2000, 1)', [index + 1, id]);
      db.run('INSERT INTO job_node VALUES (?, 1, 0, 1, 2, 1000)', [index + 1]);
    }
    db.run("INSERT INTO detail (job, name, sources, standing, standing_ms) VALUES (1, 'x', '', 1, 0)");
    for (const [job, source, change] of events)
      db.run('INSERT INTO event (job, time, source, change) VALUES (?, 1000, ?, ?)', [
        job,
        source,
        JSON.stringify(change),
      ]);
  }
  const store = await openSqlite(path);
  const told = async (id: string) =>
    (await store.listEvents(id)).map(({ source, change }) => [id, source, change]);
  for (const id of ['made', 'changed', 'told', 'odd'])
    expect(await told(id)).toEqual(events.filter(([job]) => job === id));
  expect(await told('ancient')).toEqual([]);
  await store.updateJob('told', { state: 'failed' }, 3000);
  expect(await told('told')).toEqual([events[3]!, ['told', 'api', { state: 'failed' }]]);
  await store.close();
  using db = openForWriting(path);
  expect(
    db.query("SELECT job, change FROM event WHERE job IN ('made', 'told') ORDER BY seq").values(),
  ).toEqual([
    ['told', ''],
    ['told', '{"state":"failed"}'],
  ]);
});

test('migrations turn the unsealed rows of the log into columns, in order', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 6));
  {
    using db = openForWriting(path);
    db.run(`INSERT INTO user VALUES (1, 'alice');
      INSERT INTO node VALUES (1, 'n1'), (2, 'n2');
      INSERT INTO job VALUES (1, 'a', 1, 1, 1, 1000, NULL, 1);
      INSERT INTO usage (id, job, node, time, cpu, memory, gpu, last_sample, sealed, oldest, newest)
        VALUES (1, 1, 1, 1, 2, 3, 5, 10000, 4000, 1, 2), (2, 1, 2, 1, 2, 3, 5, 9999, 0, 1, 2);`);
    // Of n1 in even rows, and of n2 in odd ones; every fifth is of a job that has gone.
    db.run(`WITH RECURSIVE row (seq) AS (VALUES (1) UNION ALL SELECT seq + 1 FROM row WHERE seq < 10000)
      INSERT INTO sample SELECT seq, iif(seq % 5 = 0, 77, 1), 1 + seq % 2, 0, 1000000 + seq, seq / 100.0, 2 * seq,
        iif(seq % 3 = 0, NULL, seq / 8.0) FROM row`);
  }
  migrateFile(path, MIGRATIONS);
  using db = openForWriting(path);
  const { readSeries } = unsealedReader(db);
  const seqs = (least: number, odd: number) =>
    Array.from({ length: 10_000 }, (_, index) => index + 1).filter(
      (seq) => seq > least && seq % 2 === odd && seq % 5 !== 0,
    );
  for (const [node, expected] of [
    [1, seqs(4000, 0)],
    [2, seqs(0, 1)],
  ] as const) {
    const { times, cpu, memory, gpu } = readSeries(1, node);
    expect([...times]).toEqual(expected.map((seq) => 1_000_000 + seq));
    expect([...cpu]).toEqual(expected.map((seq) => seq / 100));
    expect([...memory]).toEqual(expected.map((seq) => 2 * seq));
    expect([...gpu]).toEqual(expected.map((seq) => (seq % 3 === 0 ? Number.NaN : seq / 8)));
  }
  // Numbers go on behind those that usage.sealed speaks of.
  expect(db.query('SELECT max(seq) FROM log').values()).toEqual([[10_000]]);
});

test('migrations keep the last number of a log that is sealed completely', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 6));
  {
    using db = openForWriting(path);
    db.run('INSERT INTO sample VALUES (5, 1, 1, 0, 1, 2, 3, NULL)');
  }
  migrateFile(path, MIGRATIONS);
  using db = openForWriting(path);
  expect(db.query('SELECT seq FROM log').values()).toEqual([[5]]);
});

test('migrations keep earlier runs and their samples, and what a deleted job left behind', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 14));
  {
    using db = openForWriting(path);
    db.run(`INSERT INTO user VALUES (1, 'alice');
      INSERT INTO node VALUES (1, 'n1');
      INSERT INTO job VALUES (2, 'a', 1, 1, 1, 2000, NULL, 1, 0);
      INSERT INTO job_node VALUES (2, 1, 0, 1, 1, 2000);
      INSERT INTO past_run (seq, job, run) VALUES (1, 'a',
        '{"user":"alice","nodes":["n1"],"state":"completed","startTimeMs":1000,"endTimeMs":1500,
          "provenance":{"fields":"","verdict":"sacct","verdictMs":1500}}');
      INSERT INTO usage VALUES (1, 1, 1, 0, 1100), (2, 2, 1, 0, 2100), (3, 9, 1, 0, 100);
      INSERT INTO latest VALUES (1, 1100, 5, 6, NULL, 1100), (2, 2100, 7, 8, NULL, 2100);
      INSERT INTO leftover_run VALUES (9);`);
    const row = (values: number[]) => new Uint8Array(new Float64Array(values).buffer);
    db.run('INSERT INTO log (seq, series, data) VALUES (1, ?, ?)', [
      new Uint8Array(new Int32Array([1, 2]).buffer),
      row([1100, 2100, 5, 7, 6, 8]),
    ]);
  }
  const store = await openSqlite(path);
  const samples = async () =>
    (await Array.fromAsync(store.streamRuns('a'))).map(({ summary }) => summary.whole.cpuUsage?.mean);
  expect(await samples()).toEqual([7, 5]);
  while (await store.expire({}, 2200));
  expect(await samples()).toEqual([7, 5]);
  await store.deleteJob('a');
  while (await store.expire({}, 2200));
  await store.close();
  using db = openForWriting(path);
  expect(
    ['usage', 'leftover_run', 'past_run'].map((table) => db.query(`SELECT * FROM ${table}`).all()),
  ).toEqual([[], [], []]);
});

test("migrations find the users of each account, and hide old events of a job that is several users'", async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 16));
  {
    using db = openForWriting(path);
    const past = { user: 'bob', state: 'failed', startTimeMs: 10, endTimeMs: 20 };
    const provenance = { fields: '', verdict: 'jobcomp', verdictMs: 20 };
    db.run(`INSERT INTO user VALUES (1, 'alice'), (2, 'bob'), (3, 'carol');
      INSERT INTO node VALUES (1, 'n1');
      INSERT INTO label VALUES (1, 'physics'), (2, 'chem');
      INSERT INTO job (seq, id, user, first_node, state, start_time, end_time) VALUES
        (1, 'a', 1, 1, 2, 1000, 2000), (2, 'b', 1, 1, 2, 1000, 2000), (3, 'c', 2, 1, 2, 1000, 2000), (5, 'd', 2, 1, 2, 1000, 2000),
        (6, 'e', 3, 1, 2, 1000, 2000);
      INSERT INTO detail (job, account, sources, verdict_ms) VALUES (1, 1, '', 0), (2, 1, '', 0), (3, 2, '', 0), (5, NULL, '', 0);
      INSERT INTO event (job, time, source, change, was) VALUES
        ('a', 10, 'squeue', '{"user":"bob"}', NULL), ('a', 1000, 'squeue', '{"user":"alice"}', '{}'),
        ('b', 1000, 'squeue', '', NULL), ('b', 2000, 'squeue', '{"state":"completed"}', '{"state":"running"}');`);
    db.run('INSERT INTO past_run (seq, job, run) VALUES (4, ?, ?)', [
      'a',
      JSON.stringify({ ...past, provenance }),
    ]);
  }
  const store = await openSqlite(path);
  const idsOf = async (user: string, accounts: string[]) =>
    (await store.seenBy({ user, accounts }).listJobs({}, { limit: 9 })).jobs.map(({ id }) => id);
  expect([await idsOf('x', ['physics']), await idsOf('x', ['chem'])]).toEqual([['a', 'b'], ['c']]);
  const timesOf = async (user: string, id: string) =>
    (await store.seenBy({ user, accounts: [] }).listEvents(id)).map(({ timeMs }) => timeMs);
  expect([await timesOf('alice', 'a'), await timesOf('bob', 'a'), await timesOf('alice', 'b')]).toEqual([
    [],
    [],
    [1000, 2000],
  ]);
  expect(await store.listEvents('a')).toHaveLength(2);
  await store.close();
  using db = openForWriting(path);
  expect(db.query('SELECT account, user FROM account_user ORDER BY account, user').values()).toEqual([
    [0, 2],
    [0, 3],
    [1, 1],
    [2, 2],
  ]);
});

test('later SLUIDs of runs are found after the migration to version 24', () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 23));
  {
    using db = openForWriting(path);
    db.run(`INSERT INTO user VALUES (1, 'alice');
      INSERT INTO job (seq, id, user, first_node, state, start_time) VALUES (2, 'a', 1, 0, 1, 1000);
      INSERT INTO detail (job, sluid, other_sluids, sources, verdict, verdict_ms) VALUES (2, 's1', '["s2","s3"]', '', 0, 0);
      INSERT INTO past_run (seq, job, run) VALUES (1, 'a', '{"sluid":"s4","otherSluids":["s5"]}'), (-1, 'a', '{}');`);
  }
  migrateFile(path, MIGRATIONS);
  using db = openForWriting(path);
  expect(db.query('SELECT sluid, run FROM later_sluid ORDER BY sluid').values()).toEqual([
    ['s2', 2],
    ['s3', 2],
    ['s5', 1],
  ]);
});

test('jobs and earlier runs that ended before the migration to version 25 are tallied after it', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 24));
  {
    using db = openForWriting(path);
    const past = {
      user: 'alice',
      state: 'failed',
      startTimeMs: 0,
      endTimeMs: 20_000,
      provenance: { fields: '' },
    };
    db.run(`INSERT INTO user VALUES (1, 'alice');
      INSERT INTO label VALUES (1, 'physics');
      INSERT INTO job (seq, id, user, first_node, state, start_time, end_time) VALUES
        (2, 'a', 1, 0, 2, 30000, 40000), (3, 'b', 1, 0, 1, 50000, NULL);
      INSERT INTO detail (job, account, cpus, sources, verdict, verdict_ms) VALUES (2, 1, 4, '', 0, 0);`);
    db.run('INSERT INTO past_run (seq, job, run) VALUES (1, ?, ?)', ['a', JSON.stringify(past)]);
  }
  const store = await openSqlite(path);
  while (await store.expire({}, 60_000));
  const rows = await store.sumTallies({ groupBy: 'account', from: 0, to: 24 });
  expect(
    rows.map(({ name, tally: { completed, failed, runtimeSeconds, cpuSeconds } }) => ({
      ...{ name, completed, failed, runtimeSeconds, cpuSeconds },
    })),
  ).toEqual([
    { name: undefined, completed: 0, failed: 1, runtimeSeconds: 20, cpuSeconds: 0 },
    { name: 'physics', completed: 1, failed: 0, runtimeSeconds: 10, cpuSeconds: 40 },
  ]);
  await store.close();
});

test('runs that were tallied before the migration to version 30 are counted by node and finding after it', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  migrateFile(path, MIGRATIONS.slice(0, 29));
  {
    using db = openForWriting(path);
    db.run(`INSERT INTO user VALUES (1, 'alice');
      INSERT INTO node VALUES (1, 'n1'), (2, 'n2');
      INSERT INTO label VALUES (1, 'ended-with-code');
      INSERT INTO job (seq, id, user, first_node, state, start_time, end_time) VALUES (1, 'a', 1, 1, 3, 0, 10000);
      INSERT INTO job_node VALUES (1, 1, 0, 1, 3, 0), (1, 2, 1, 1, 3, 0);
      INSERT INTO detail (job, cpus, exit_code, sources, verdict, verdict_ms) VALUES (1, 4, 3, '', 0, 0);
      INSERT INTO tallied VALUES (1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 10, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      INSERT INTO tally VALUES (1, 0, 24, 0, 0, 0, 1, 0, 0, 0, 0, 0, 10, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      INSERT INTO account_user (account, user) VALUES (0, 1);
      INSERT INTO run_finding VALUES (1, 1, 0);
      UPDATE counter SET value = 1 WHERE name = 'tally_seen';`);
  }
  const store = await openSqlite(path);
  while (await store.expire({}, 60_000));
  const range = { from: 0, to: 24 };
  expect(await store.sumFindings(range)).toEqual([{ kind: 'ended-with-code', severity: 'harm', runs: 1 }]);
  expect(await store.countFindings()).toEqual([{ kind: 'ended-with-code', severity: 'harm', runs: 1 }]);
  const [row] = await store.seenBy({ user: 'alice', accounts: [] }).sumTallies({ ...range, groupBy: 'user' });
  expect(row!.tally).toMatchObject({ failed: 1, cpuSeconds: 40 });
  const nodes = await store.sumNodeTallies(range);
  expect(nodes.map(({ name, tally: { failed, cpuSeconds } }) => ({ name, failed, cpuSeconds }))).toEqual(
    ['n1', 'n2'].map((name) => ({ name, failed: 1, cpuSeconds: 20 })),
  );
  await store.close();
});
