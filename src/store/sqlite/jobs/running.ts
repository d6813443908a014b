import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import type { RunningJob } from '../../../domain/running-job.ts';
import { combineUsage } from '../../../domain/sample.ts';
import { isSeen } from '../../../domain/sight.ts';
import { RUNNING } from '../../rows/states.ts';
import { usageReader } from './complete.ts';
import { findingReader } from './findings.ts';

/** Jobs of a page; their usage is read in one statement. */
const PAGE_JOBS = 200;

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
  const findFindings = findingReader(db);
  function* complete(rows: readonly Row[]): Generator<undefined, RunningJob[]> {
    const wanted = JSON.stringify(rows.map(({ seq }) => seq));
    const usage = yield* readUsage(wanted);
    const found = findFindings(wanted);
    return rows.map(({ seq, ...row }) => {
      const findings = found.get(seq);
      return { ...withoutNull(row), ...combineUsage(usage.get(seq) ?? []), ...(findings && { findings }) };
    });
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
