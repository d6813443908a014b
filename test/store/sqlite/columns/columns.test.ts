import type { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { SEVERITIES } from '../../../../src/domain/finding/severity.ts';
import type { PastJob } from '../../../../src/domain/job.ts';
import type { Store } from '../../../../src/domain/store/store.ts';
import { blockBuilder } from '../../../../src/store/sqlite/columns/build.ts';
import { openForReading, openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { scanColumns } from '../../../../src/store/sqlite/lists/by-column.ts';
import { type ScanPage, scanJobs } from '../../../../src/store/sqlite/lists/by-scan.ts';
import { filterReader, type SeenFilter, type Wanted } from '../../../../src/store/sqlite/lists/filters.ts';
import { openSqlite } from '../../../../src/store/sqlite/open.ts';
import { MINUTE_MS, pastJob } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { fill, makeJob, NOW_MS, ORDERS, randomFilter, randomTools } from '../../contract/lists-model.ts';

type Tools = ReturnType<typeof randomTools>;

/** Reads all steps of a list. */
function readAll<Value>(steps: Generator<undefined, Value>): Value {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const rowsOf = (db: Database, sql: string) => db.query(sql).values() as unknown[][];
const numberOf = (db: Database, sql: string) => Number(rowsOf(db, sql)[0]![0]);

async function settle(store: Store): Promise<void> {
  for (let steps = 0; await store.expire({}, NOW_MS); steps++) expect(steps).toBeLessThan(1000);
}

/** Changes jobs in each way that lists can show. */
async function change(store: Store, jobs: readonly PastJob[], { below, pick }: Tools): Promise<void> {
  const ended = jobs.filter(
    ({ state }) => state === 'failed' || state === 'completed' || state === 'cancelled',
  );
  const node = ({ nodes }: PastJob) => nodes[0]!;
  for (let round = 0; round < 12; round++) {
    const job = pick(ended);
    await store.recordSamples([
      {
        jobId: job.id,
        node: node(job),
        timeMs: NOW_MS,
        stamped: true,
        cpuUsage: below(100),
        memoryUsageMb: 7,
      },
    ]);
    await store.updateJob(pick(ended).id, { cpuUsage: below(9), memoryUsageMb: below(900) }, NOW_MS);
    await store.updateJob(pick(jobs).id, { state: pick(['failed', 'completed']) }, NOW_MS);
    const report = { source: 'sacct', observedMs: NOW_MS, user: 'alice', submitTimeMs: NOON_MS } as const;
    const id = pick(jobs).id;
    await store.applyReports([
      { ...report, id, state: 'running', startTimeMs: NOON_MS + 50 * MINUTE_MS, nodes: ['n2'] },
      {
        ...report,
        id: pick(ended).id,
        state: 'failed',
        startTimeMs: NOON_MS,
        endTimeMs: NOW_MS,
        nodes: ['n1', 'n9'],
      },
    ]);
  }
  for (const { id } of new Set([pick(jobs), pick(jobs), pick(ended)])) await store.deleteJob(id);
  await store.createJobs([makeJob('later-1', randomTools(below(99))), pastJob('12345')]);
  await settle(store);
}

function expectSameLists(db: Database, tools: Tools, rounds: number): void {
  const read = filterReader(db);
  for (let round = 0; round < rounds; round++) {
    const filter: SeenFilter = {
      ...(round > 0 && randomFilter(tools)),
      ...(tools.random() < 0.2 && { severity: tools.some(SEVERITIES) }),
      ...(tools.random() < 0.1 && { finding: tools.some(['cpu-idle', 'ended-with-code', 'too-short']) }),
      ...(tools.random() < 0.1 && { details: { account: tools.some(['physics', 'math']) } }),
      sight: tools.random() < 0.2 ? { user: 'alice', accounts: ['physics'] } : 'all',
    };
    const wanted = read(filter, NOW_MS);
    if (wanted) expectSamePages(db, wanted, { order: tools.pick(ORDERS), take: 1 + tools.below(60) }, filter);
  }
}

/** Compares the first pages of a list by columns with those by rows. */
function expectSamePages(
  db: Database,
  wanted: Wanted,
  { order, take }: Pick<ScanPage, 'order' | 'take'>,
  filter: SeenFilter,
): void {
  let after: ScanPage['after'];
  for (let pages = 0; pages < 4; pages++) {
    const page = { order, take, after, isCounting: true };
    const byRow = readAll(scanJobs(db, wanted, page));
    expect({ filter, page, ...readAll(scanColumns(db, wanted, page)) }).toEqual({ filter, page, ...byRow });
    after = byRow.found.at(-1);
    if (!after) return;
  }
}

test.each([1, 2, 3])(
  'lists by columns equal lists by rows, before and after jobs change (seed %d)',
  async (seed) => {
    using folder = temporaryFolder();
    const path = folder.file('columns.db');
    const tools = randomTools(seed);
    const store = await openSqlite(path);
    const made = Array.from({ length: 150 }, (_, index) => {
      const job = makeJob(seed === 2 ? String(index * 7) : `${index}-x`, tools);
      return {
        ...job,
        details: { ...job.details, account: tools.pick(['physics', 'math']), exitCode: tools.below(2) },
      };
    });
    await store.createJobs(made);
    // The others have ids that are no numbers.
    if (seed !== 2) await fill(store, 150, tools);
    await settle(store);
    {
      using db = openForWriting(path);
      blockBuilder(db)(0);
      db.run("UPDATE counter SET value = (SELECT max(seq) FROM job) WHERE name = 'columns_through'");
      expect(numberOf(db, 'SELECT count(*) FROM job_column WHERE part = 0')).toBe(1);
      expectSameLists(db, tools, 80);
    }
    await store.close();

    const again = await openSqlite(path);
    await change(again, made, tools);
    {
      using db = openForReading(path);
      expect(numberOf(db, 'SELECT count(*) FROM job_column_due')).toBeWithin(12, 100);
      expectSameLists(db, tools, 80);
    }
    await again.close();
  },
);

test('a block is built once its jobs have ended, and again when many have changed', async () => {
  using folder = temporaryFolder();
  const path = folder.file('columns.db');
  const store = await openSqlite(path);
  const ended = { state: 'failed', endTimeMs: NOON_MS + MINUTE_MS, details: { exitCode: 1 } } as const;
  const jobs = Array.from({ length: 4200 }, (_, index) =>
    pastJob(`${index}`, { startTimeMs: NOON_MS + index, ...(index % 20 > 0 && index < 4000 && ended) }),
  );
  await store.createJobs(jobs);
  await settle(store);
  using db = openForReading(path);
  const through = () => numberOf(db, "SELECT value FROM counter WHERE name = 'columns_through'");
  const due = () => numberOf(db, 'SELECT count(*) FROM job_column_due');
  expect([through(), due()]).toEqual([4095, 0]);
  const count = async (filter: Parameters<Store['listJobs']>[0]) =>
    (await store.listJobs(filter, { limit: 1, nowMs: NOW_MS })).total;
  expect([await count({ ranges: { nodes: { min: 1 } } }), await count({ severity: 'harm' })]).toEqual([
    4200, 3800,
  ]);

  const cost = {
    source: 'sacct',
    observedMs: NOW_MS,
    user: 'alice',
    startTimeMs: NOON_MS,
    nodes: ['n1'],
  } as const;
  await store.applyReports(
    jobs.slice(0, 2100).map(({ id }) => ({ ...cost, id, state: 'completed', endTimeMs: NOW_MS, cpus: 3 })),
  );
  expect(due()).toBeGreaterThan(2048);
  expect(await count({ ranges: { cpus: { min: 3 } } })).toBe(2100);
  await settle(store);
  expect(due()).toBeLessThan(2048);
  expect(await count({ ranges: { cpus: { min: 3 } } })).toBe(2100);
  await store.close();
});
