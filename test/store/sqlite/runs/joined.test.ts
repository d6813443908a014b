import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import type { Report } from '../../../../src/domain/report.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { sampleJoiner } from '../../../../src/store/sqlite/runs/joined.ts';
import { logWriter } from '../../../../src/store/sqlite/samples/log.ts';
import { pieceFinder } from '../../../../src/store/sqlite/samples/pieces.ts';
import { storedTimesFinder } from '../../../../src/store/sqlite/samples/repeats.ts';
import { totalsReader } from '../../../../src/store/sqlite/samples/totals.ts';
import { MINUTE_MS } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { openStore } from '../../../help/store.ts';

const NODES = Array.from({ length: 200 }, (_, place) => `n${place}`);
const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
const running = (start: number, sluid: string, fields: Partial<Report> = {}): Report => ({
  ...{ source: 'squeue', observedMs: at(start + 1), id: '7', user: 'alice', state: 'running' },
  ...{ submitTimeMs: at(start), startTimeMs: at(start), nodes: NODES, sluid },
  ...fields,
});
const samplesFrom = (minutes: number) =>
  NODES.flatMap((node) =>
    [0, 1, 2].map((after) => ({
      ...{ jobId: '7', node, timeMs: at(minutes + after), cpuUsage: after, memoryUsageMb: 1, stamped: false },
    })),
  );

/** A database with two runs of a job, each with samples in chunks and in the log. */
async function storeWithTwoRuns(path: string) {
  const store = await openStore(path);
  for (const [start, sluid] of [
    [0, 's0000000000001'],
    [60, 's0000000000002'],
  ] as const) {
    await store.applyReports([running(start, sluid)]);
    await store.recordSamples(samplesFrom(start + 1));
    while (await store.expire({}, at(600)));
    await store.recordSamples(samplesFrom(start + 10));
  }
  return store;
}

const whole = running(0, 's0000000000001', { source: 'sacct', observedMs: at(90), resizedMs: [at(60)] });

const readAll = (path: string, sql: string) => {
  using db = new Database(path, { readonly: true });
  return db.query(sql).values();
};

test('joining two runs changes neither chunks nor the log', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await storeWithTwoRuns(path);
  const STORED = ['chunk', 'log', 'chunk_point'];
  const contents = () => STORED.map((table) => readAll(path, `SELECT * FROM ${table}`));
  const before = contents();
  expect(before[0]).toHaveLength(2 * NODES.length);
  expect(await store.applyReports([whole])).toMatchObject({ stored: 1 });
  expect(readAll(path, 'SELECT count(*) FROM past_run')).toEqual([[0]]);
  expect(contents()).toEqual(before);
  expect((await store.summarizeJob('7')).whole.samples).toBe(4 * samplesFrom(0).length);
  await store.close();
});

test('nothing of joined runs is left when their job is past its retention', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.db');
  const store = await storeWithTwoRuns(path);
  await store.applyReports([whole, { ...whole, state: 'completed', endTimeMs: at(95), observedMs: at(95) }]);
  const TABLES = [
    'usage',
    'chunk',
    'latest',
    'sealed_total',
    'joined_run',
    'leftover_run',
    'past_run',
    'job',
  ];
  const counts = () => TABLES.map((table) => readAll(path, `SELECT count(*) FROM ${table}`)[0]![0]);
  expect(counts()).toEqual([400, 400, 400, 400, 1, 0, 0, 1]);
  while (await store.expire({ jobMs: MINUTE_MS }, at(600)));
  expect(counts()).toEqual(TABLES.map(() => 0));
  await store.close();
});

/** Returns the statements that `prepare` prepares. */
function statementsOf(db: Database, prepare: (db: Database) => unknown): string[] {
  const statements: string[] = [];
  const query = db.query.bind(db);
  Object.assign(db, {
    query(sql: string) {
      statements.push(sql);
      return query(sql);
    },
  });
  prepare(db);
  Object.assign(db, { query });
  return statements;
}

const OF_A_RUN: [name: string, prepare: (db: Database) => unknown][] = [
  ['joining', sampleJoiner],
  ['finding readings', pieceFinder],
  ['adding up totals', totalsReader],
  ['finding repeats', (db) => storedTimesFinder(db, logWriter(db))],
];
test.each(OF_A_RUN)('%s reads rows of the runs that it is about and no others', (_, prepare) => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('a.db'));
  migrate(db, folder.file('a.db'));
  const statements = statementsOf(db, prepare);
  expect(statements.length).toBeGreaterThan(0);
  for (const sql of statements) {
    const plan = db.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`).all();
    const scans = plan.filter(({ detail }) =>
      /^SCAN (usage|owned|latest|chunk|joined_run|node)\b/.test(detail),
    );
    expect([sql, scans]).toEqual([sql, []]);
  }
});
