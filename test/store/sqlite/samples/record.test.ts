import type { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { createRandom } from '../../../../src/demo/random.ts';
import type { JobState } from '../../../../src/domain/job.ts';
import type { Report } from '../../../../src/domain/report.ts';
import type { JobSample } from '../../../../src/domain/store/samples.ts';
import { samplesOf } from '../../../../src/store/chunk/chunk.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { unsealedReader } from '../../../../src/store/sqlite/samples/unsealed.ts';
import { groupCommitter } from '../../../../src/store/sqlite/writer/commit.ts';
import type { GroupOutcome } from '../../../../src/store/sqlite/writer/protocol.ts';
import type { Write } from '../../../../src/store/writer/write.ts';
import { MINUTE_MS, pastJob, sample } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { seeds } from '../../../help/seeds.ts';

const TABLES = ['past_run', 'job', 'job_node', 'sealed_total', 'chunk', 'job_count', 'node'];
/** A sample of so much memory fails as a fault of ours would. */
const BOOM_MB = 666;
const BOOM_HEX = Buffer.from(Float64Array.of(BOOM_MB).buffer).toString('hex');
const FAIL_ON_BOOM = `CREATE TRIGGER boom AFTER INSERT ON log WHEN instr(new.data, x'${BOOM_HEX}') > 0
  BEGIN SELECT RAISE(ABORT, 'a fault of ours'); END`;
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const NODES = ['n1', 'n2', 'n3', 'n4'];
const STATES: readonly JobState[] = ['running', 'completed', 'failed', 'pending'];

function openDatabase(path: string) {
  const db = openForWriting(path);
  migrate(db, path);
  db.run(FAIL_ON_BOOM);
  return db;
}

/** Writes of all kinds to a few jobs, so that they often meet. */
function writeMaker(seed: number) {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <Item>(list: readonly Item[]): Item => list[below(list.length)]!;
  const someNodes = () => NODES.slice(below(2), 2 + below(3));
  let nowMs = NOON_MS;

  function newSample() {
    return sample(0, {
      timeMs: nowMs - below(4) * MINUTE_MS,
      cpuUsage: below(100),
      memoryUsageMb: below(100) === 0 ? BOOM_MB : 1000 + below(100),
      stamped: below(4) === 0,
      ...(below(2) === 0 && { gpuUsage: below(100) }),
      ...(below(2) === 0 && { node: one([...NODES, 'n9']) }),
    });
  }
  const batch = (): JobSample[] =>
    Array.from({ length: below(40) }, () => ({ jobId: one(IDS), ...newSample() }));
  // Batches that name the same as others before them; most find
  // all their jobs, until one is deleted or runs elsewhere.
  const again = Array.from({ length: 3 }, () => {
    const jobs = Array.from({ length: 6 }, () => one(IDS.slice(0, 3)));
    return { jobs, nodes: jobs.map(() => one(['', 'n2', 'n2', 'n3'])) };
  });
  const batchAgain = (): Write => {
    const names = one(again);
    const samples = names.jobs.map((jobId, index): JobSample => {
      const { node: _, ...rest } = newSample();
      return { jobId, ...rest, ...(names.nodes[index] !== '' && { node: names.nodes[index]! }) };
    });
    return { kind: 'recordSamples', samples, names };
  };
  const report = (): Report => ({
    id: one(IDS),
    source: one(['squeue', 'sacct'] as const),
    observedMs: nowMs,
    user: 'alice',
    state: 'running',
    startTimeMs: nowMs - below(3) * 10 * MINUTE_MS,
    ...(below(4) > 0 && { nodes: someNodes() }),
  });
  const kinds: (() => Write)[] = [
    () => ({ kind: 'recordSamples', samples: batch() }),
    () => ({ kind: 'recordSamples', samples: batch() }),
    batchAgain,
    batchAgain,
    () => ({ kind: 'recordSample', jobId: one(IDS), sample: newSample() }),
    () => ({ kind: 'recordSample', jobId: one(IDS), sample: newSample() }),
    () => ({ kind: 'createJob', job: { id: one(IDS), user: 'alice', nodes: someNodes() }, nowMs }),
    () => ({ kind: 'createJobs', jobs: [pastJob(one(IDS), { nodes: someNodes() }), pastJob(one(IDS))] }),
    () => ({ kind: 'updateJob', id: one(IDS), patch: { cpuUsage: below(100) }, nowMs }),
    () => ({ kind: 'updateJob', id: one(IDS), patch: { state: one(STATES), gpuUsage: below(100) }, nowMs }),
    () => ({ kind: 'deleteJob', id: one(IDS) }),
    // A start some minutes away from the known one is another run, often on other nodes or none.
    () => ({ kind: 'applyReports', reports: [report(), report()] }),
  ];
  return {
    below,
    group: (): Write[] => {
      nowMs += below(5) * MINUTE_MS;
      return Array.from({ length: 1 + below(8) }, () => one(kinds)());
    },
    expire: (): Write => ({
      kind: 'expire',
      retention: {
        ...(below(2) === 0 && { sampleMs: 90 * MINUTE_MS }),
        ...(below(2) === 0 && { jobMs: MINUTE_MS }),
      },
      nowMs,
    }),
  };
}

/** What each write came to; of a fault only that it was one. */
const endings = (outcome: GroupOutcome): unknown[] =>
  outcome.kind === 'committed'
    ? outcome.outcomes.map((one) => (one.kind === 'fault' ? one.kind : one))
    : [outcome.kind];

/** What every job and node has in the log. */
function unsealedSamples(db: Database): unknown[] {
  const { readSeries } = unsealedReader(db);
  return db
    .query<{ job: number; node: number }, []>('SELECT job, node FROM usage ORDER BY id')
    .all()
    .map(({ job, node }) => samplesOf(readSeries(job, node)));
}

/** To its end, because how far one step comes depends on the clock. */
function expireAll(commitGroup: (writes: readonly Write[]) => GroupOutcome, expire: Write): void {
  while (JSON.stringify(endings(commitGroup([expire]))).includes('true'));
}

/** Commits a group for which there is no room at its end. */
function commitToFullDisk(
  db: Database,
  commitGroup: (writes: readonly Write[]) => GroupOutcome,
  group: Write[],
) {
  const { page_count: pages } = db.query<{ page_count: number }, []>('PRAGMA page_count').get()!;
  db.run(`PRAGMA max_page_count = ${pages + 20}`);
  expect(endings(commitGroup([...group, { kind: 'probe', bytes: 1_000_000 }]))).toEqual(['diskError']);
  db.run('PRAGMA max_page_count = 1000000');
}

test.each(seeds(3))('the cache of jobs and series changes no stored row and no answer (seed %d)', (seed) => {
  using folder = temporaryFolder();
  using db = openDatabase(folder.file('remembering.db'));
  using other = openDatabase(folder.file('forgetting.db'));
  const commitGroup = groupCommitter(db);
  /** One by one, each by a committer of its own, which knows nothing. */
  const commitApart = (writes: readonly Write[]) =>
    writes.flatMap((write) => endings(groupCommitter(other)([write])));
  const content = (of: Database) => [
    ...TABLES.map((table) => of.query(`SELECT * FROM ${table}`).values()),
    // How many rows the log has, and so up to which one is sealed, depends on how writes were grouped.
    of.query('SELECT id, job, node, oldest FROM usage').values(),
    unsealedSamples(of),
  ];
  const maker = writeMaker(seed);
  const outcomes: unknown[] = [];

  for (let round = 0; round < 80; round++) {
    const group = maker.group();
    const isFaultless = !JSON.stringify(group).includes(String(BOOM_MB));
    if (isFaultless && maker.below(5) === 0) commitToFullDisk(db, commitGroup, group);
    const ended = endings(commitGroup(group));
    expect(ended).toEqual(commitApart(group));
    outcomes.push(...ended);
    if (maker.below(10) === 0) {
      const expire = maker.expire();
      expireAll(commitGroup, expire);
      expireAll(groupCommitter(other), expire);
    }
    expect(content(db)).toEqual(content(other));
  }
  expect(outcomes).toContain('fault');
  expect(JSON.stringify(outcomes)).toMatch(/"repeated":[1-9]/);
});

test('a job that retention deleted is not found in the cache', () => {
  using folder = temporaryFolder();
  using db = openDatabase(folder.file('gone.db'));
  const commitGroup = groupCommitter(db);
  const late: Write = { kind: 'recordSample', jobId: 'a', sample: sample(1) };
  const writes: Write[] = [
    { kind: 'createJobs', jobs: [pastJob('a', { state: 'completed', endTimeMs: NOON_MS })] },
    late,
    { kind: 'expire', retention: { jobMs: MINUTE_MS }, nowMs: NOON_MS + 2 * MINUTE_MS },
    late,
  ];
  const ended = writes.flatMap((write) => endings(commitGroup([write])));
  expect(ended[1]).toMatchObject({ kind: 'done' });
  expect(ended[3]).toMatchObject({ kind: 'refused', code: 'not_found' });
});
