import type { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { createRandom } from '../../../../src/demo/random.ts';
import { JOB_STATES, type JobState } from '../../../../src/domain/job.ts';
import type { Report } from '../../../../src/domain/report.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { groupCommitter } from '../../../../src/store/sqlite/writer/commit.ts';
import type { Write } from '../../../../src/store/writer/write.ts';
import { MINUTE_MS, pastJob } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { seeds } from '../../../help/seeds.ts';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const NODES = ['n1', 'n2', 'n3', 'n4', 'n5'];
const USERS = ['alice', 'bob', 'carol'];
const PARTITIONS = ['gpu', 'debug'];
/** A job of this user fails as a fault of ours would, after other rows of it have been written. */
const FAIL_ON_BOOM = `CREATE TRIGGER boom AFTER INSERT ON job_node
  WHEN (SELECT name FROM user WHERE id = new.user) = 'boom' BEGIN SELECT RAISE(ABORT, 'a fault of ours'); END`;

/** What each table of counts holds, and what counting the rows gives. */
const COUNTS: [table: string, kept: string, recount: string][] = [
  [
    'job_count',
    'SELECT node, user, state, jobs FROM job_count ORDER BY 1, 2, 3',
    `SELECT node, user, state, count(*) FROM (
       SELECT 0 AS node, 0 AS user, state FROM job
        UNION ALL SELECT 0, user, state FROM job
        UNION ALL SELECT node, 0, job.state FROM job_node JOIN job ON seq = job
        UNION ALL SELECT node, job.user, job.state FROM job_node JOIN job ON seq = job)
      GROUP BY 1, 2, 3`,
  ],
  [
    'live_count',
    'SELECT partition, state, jobs FROM live_count',
    `SELECT ifnull(partition, 0), state, count(*) FROM job LEFT JOIN detail ON detail.job = job.seq
      WHERE state < 2 GROUP BY 1, 2 ORDER BY 1, 2`,
  ],
  [
    'what job_node repeats',
    'SELECT job, node, user, state, start_time FROM job_node ORDER BY 1, 2',
    'SELECT job, node, job.user, job.state, job.start_time FROM job_node JOIN job ON seq = job ORDER BY 1, 2',
  ],
];

function expectCounts(db: Database): void {
  for (const [table, kept, recount] of COUNTS) {
    expect([table, db.query(kept).values()]).toEqual([table, db.query(recount).values()]);
  }
}

/** Writes of all kinds that make, move or delete jobs, to a few of them, so that they often meet. */
function writeMaker(seed: number) {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <Item>(list: readonly Item[]): Item => list[below(list.length)]!;
  const someNodes = () => NODES.slice(below(3), 3 + below(3));
  const someDetails = () => (below(2) === 0 ? { details: { partition: one(PARTITIONS) } } : {});
  const user = () => one(below(12) === 0 ? ['boom'] : USERS);
  let nowMs = NOON_MS;

  function past() {
    const state = one(JOB_STATES);
    const isOver = state !== 'pending' && state !== 'running';
    return pastJob(one(IDS), {
      ...{ user: user(), nodes: someNodes(), state, startTimeMs: nowMs - MINUTE_MS },
      ...(isOver && { endTimeMs: nowMs }),
      ...someDetails(),
    });
  }

  function report(): Report {
    const state = one<JobState>(['pending', 'running', 'completed', 'cancelled']);
    return {
      id: one(IDS),
      source: one(['squeue', 'sacct', 'jobcomp'] as const),
      observedMs: nowMs,
      ...(below(5) > 0 && { user: one(USERS) }),
      state,
      submitTimeMs: NOON_MS,
      ...(state !== 'pending' && {
        startTimeMs: nowMs - below(3) * 10 * MINUTE_MS,
        ...(below(4) > 0 && { nodes: someNodes() }),
      }),
      ...(below(2) === 0 && { partition: one(PARTITIONS) }),
    };
  }

  const kinds: (() => Write)[] = [
    () => ({
      kind: 'createJob',
      job: { id: one(IDS), user: user(), nodes: someNodes(), ...someDetails() },
      nowMs,
    }),
    () => ({ kind: 'createJobs', jobs: [past(), past(), past()] }),
    () => ({ kind: 'updateJob', id: one(IDS), patch: { state: one(JOB_STATES) }, nowMs }),
    () => ({ kind: 'updateJob', id: one(IDS), patch: { ...someDetails(), cpuUsage: 1 }, nowMs }),
    () => ({ kind: 'deleteJob', id: one(IDS) }),
    () => ({ kind: 'applyReports', reports: [report(), report()] }),
    () => ({ kind: 'applyReports', reports: [report()] }),
    () => ({ kind: 'expire', retention: { jobMs: 20 * MINUTE_MS }, nowMs }),
  ];
  return {
    below,
    group(): Write[] {
      nowMs += below(5) * MINUTE_MS;
      return Array.from({ length: 1 + below(6) }, () => one(kinds)());
    },
  };
}

test.each(seeds(4))('counts of jobs agree with a recount after random writes (seed %d)', (seed) => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('counts.db'));
  migrate(db, folder.file('counts.db'));
  db.run(FAIL_ON_BOOM);
  const commitGroup = groupCommitter(db);
  const maker = writeMaker(seed);
  const endings: string[] = [];
  for (let round = 0; round < 150; round++) {
    const group = maker.group();
    if (maker.below(6) === 0) {
      const { page_count: pages } = db.query<{ page_count: number }, []>('PRAGMA page_count').get()!;
      db.run(`PRAGMA max_page_count = ${pages + 20}`);
      const outcome = commitGroup([...group, { kind: 'probe', bytes: 1_000_000 }]);
      db.run('PRAGMA max_page_count = 1000000');
      endings.push(outcome.kind);
      expectCounts(db);
    }
    const outcome = commitGroup(group);
    if (outcome.kind === 'committed') endings.push(...outcome.outcomes.map(({ kind }) => kind));
    expectCounts(db);
  }
  for (const ending of ['diskError', 'done', 'refused', 'fault']) expect(endings).toContain(ending);
});

test('a job counts as created once, even if it runs again', () => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('counts.db'));
  migrate(db, folder.file('counts.db'));
  const commitGroup = groupCommitter(db);
  const running = (minute: number): Report => ({
    ...{ id: '7', source: 'squeue', observedMs: NOON_MS + minute * MINUTE_MS, user: 'alice', nodes: ['n1'] },
    ...{ state: 'running', startTimeMs: NOON_MS + minute * MINUTE_MS, restarts: minute },
  });
  commitGroup([
    { kind: 'createJob', job: { id: 'a', user: 'alice', nodes: ['n1'] }, nowMs: NOON_MS },
    { kind: 'createJob', job: { id: 'a', user: 'alice', nodes: ['n1'] }, nowMs: NOON_MS },
    { kind: 'applyReports', reports: [running(0), running(30)] },
    { kind: 'deleteJob', id: 'a' },
  ]);
  expect(db.query("SELECT value FROM counter WHERE name = 'jobs_created'").values()).toEqual([[2]]);
  expect(db.query('SELECT count(*) FROM past_run').values()).toEqual([[1]]);
  expectCounts(db);
});

test('a group writes each row of the counts once and leaves no zero rows', () => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('counts.db'));
  migrate(db, folder.file('counts.db'));
  db.run(`CREATE TABLE written (node INTEGER, user INTEGER, state INTEGER, jobs INTEGER);
    CREATE TRIGGER count_made AFTER INSERT ON job_count BEGIN
      INSERT INTO written VALUES (new.node, new.user, new.state, new.jobs); END;
    CREATE TRIGGER count_changed AFTER UPDATE ON job_count BEGIN
      INSERT INTO written VALUES (new.node, new.user, new.state, new.jobs); END;`);
  const commitGroup = groupCommitter(db);
  const jobs = Array.from({ length: 50 }, (_, job) => pastJob(`job-${job}`));
  const create = jobs.map(
    ({ id, user, nodes }): Write => ({ kind: 'createJob', job: { id, user, nodes }, nowMs: NOON_MS }),
  );
  commitGroup(create);
  expect(db.query('SELECT jobs FROM written').values()).toEqual(Array(4).fill([50]));
  commitGroup(jobs.map(({ id }) => ({ kind: 'updateJob', id, patch: { state: 'failed' }, nowMs: NOON_MS })));
  expect(db.query('SELECT DISTINCT state, jobs FROM job_count').values()).toEqual([[3, 50]]);
  expect(db.query('SELECT * FROM live_count').values()).toEqual([]);
});
