import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import type { RunningJob } from '../../../domain/running-job.ts';
import { combineUsage } from '../../../domain/sample.ts';
import { isSeen, type Owner } from '../../../domain/sight.ts';
import { usageReader } from './complete.ts';
import { RUNNING } from './states.ts';

/** Jobs of a page; their usage is read in one statement. */
const PAGE_JOBS = 200;
/** Names read between two yields. */
const PAGE_NAMES = 1000;

interface Row extends Record<string, string | number | null> {
  readonly seq: number;
  readonly id: string;
  readonly user: string;
  readonly account: string | null;
}

/** A user's own jobs have an index; those of accounts are looked for among all that run. */
function sourceOf(sight: Sight): { index: string; where: string; values: string[] } {
  if (sight === 'all' || sight.accounts.length > 0)
    return { index: 'job_by_state', where: `job.state = ${RUNNING}`, values: [] };
  return {
    index: 'job_by_user_state',
    where: `job.state = ${RUNNING} AND job.user = (SELECT id FROM user WHERE name = ?)`,
    values: [sight.user],
  };
}

/** Reads the running jobs that somebody may see, the earliest start first, in pages. */
export function* readRunningJobs(db: Database, sight: Sight): Generator<RunningJob[] | undefined> {
  const { index, where, values } = sourceOf(sight);
  const select = db.query<Row, string[]>(
    `SELECT job.seq, job.id, (SELECT name FROM user WHERE id = job.user) AS user, detail.name AS name,
            (SELECT name FROM label WHERE id = detail.account) AS account,
            (SELECT name FROM label WHERE id = detail.partition) AS partition,
            detail.cpus AS cpus, detail.memory_limit AS memoryLimitMb, detail.gpus AS gpus,
            (SELECT count(*) FROM job_node WHERE job = job.seq) AS nodes,
            detail.time_limit AS timeLimitSeconds, job.start_time AS startTimeMs, job.suspended AS suspendedSeconds
       FROM job INDEXED BY ${index} LEFT JOIN detail ON detail.job = job.seq
      WHERE ${where} ORDER BY job.start_time, job.seq`,
  );
  const readUsage = usageReader(db);
  function* complete(rows: readonly Row[]): Generator<undefined, RunningJob[]> {
    const usage = yield* readUsage(JSON.stringify(rows.map(({ seq }) => seq)));
    return rows.map(({ seq, ...row }) => ({ ...withoutNull(row), ...combineUsage(usage.get(seq) ?? []) }));
  }
  let page: Row[] = [];
  let read = 0;
  for (const row of select.iterate(...values)) {
    if (isSeen(sight, row)) page.push(row);
    if (++read % PAGE_JOBS > 0) continue;
    yield yield* complete(page);
    page = [];
  }
  yield yield* complete(page);
}

function withoutNull(row: Omit<Row, 'seq'>): RunningJob {
  const known: Record<string, unknown> = {};
  for (const key in row) if (row[key] !== null) known[key] = row[key];
  return known as unknown as RunningJob;
}

const NODE_NAME = '(SELECT name FROM node WHERE id = busy.node) AS name';

/** Reads the names of the nodes of the running jobs that somebody may see, each once or more, in pages. */
export function* readBusyNodes(db: Database, sight: Sight): Generator<string[]> {
  let page: string[] = [];
  let read = 0;
  for (const row of busyRows(db, sight)) {
    if (sight === 'all' || isSeen(sight, row)) page.push(row.name);
    if (++read % PAGE_NAMES > 0) continue;
    yield page;
    page = [];
  }
  yield page;
}

function busyRows(db: Database, sight: Sight): Iterable<{ name: string } & Owner> {
  if (sight === 'all')
    return db
      .query<{ name: string }, []>(
        `SELECT ${NODE_NAME} FROM (
           SELECT DISTINCT node FROM job_node INDEXED BY job_node_by_state WHERE state = ${RUNNING}) AS busy`,
      )
      .iterate();
  const { index, where, values } = sourceOf(sight);
  return db
    .query<{ name: string } & Owner, string[]>(
      `SELECT ${NODE_NAME}, (SELECT name FROM user WHERE id = job.user) AS user,
              (SELECT name FROM label WHERE id = detail.account) AS account
         FROM job INDEXED BY ${index} LEFT JOIN detail ON detail.job = job.seq
        CROSS JOIN job_node AS busy ON busy.job = job.seq WHERE ${where}`,
    )
    .iterate(...values);
}
