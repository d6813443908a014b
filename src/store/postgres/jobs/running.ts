import type { Sight } from '../../../domain/caller.ts';
import type { RunningJob } from '../../../domain/running-job.ts';
import { combineUsage } from '../../../domain/sample.ts';
import { isSeen } from '../../../domain/sight.ts';
import { RUNNING } from '../../rows/states.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';
import { readUsage } from './complete.ts';
import { readFindings } from './findings.ts';

/** Jobs of a page; their usage is read in one statement. */
const PAGE_JOBS = 500;

interface Row extends Record<string, string | number | null> {
  readonly seq: number;
  readonly id: string;
  readonly user: string;
  readonly account: string | null;
}

/** A user's own jobs have an index; those of accounts are looked for among all that run. */
const sourceOf = (sight: Sight): { where: string; values: string[] } =>
  sight === 'all' || sight.accounts.length > 0
    ? { where: `job.state = ${RUNNING}`, values: [] }
    : {
        where: `job.state = ${RUNNING} AND job.user = (SELECT id FROM user_name WHERE name = $1)`,
        values: [sight.user],
      };

/** Reads the running jobs that somebody may see, the earliest start first, in pages. */
export async function* readRunningJobs(db: Queries, sight: Sight): AsyncGenerator<RunningJob[], void> {
  const { where, values } = sourceOf(sight);
  const pages = inPages<Row>(
    db,
    `SELECT job.seq, job.id, (SELECT name FROM user_name WHERE id = job.user) AS user, detail.name AS name,
            (SELECT name FROM label WHERE id = detail.account) AS account,
            (SELECT name FROM label WHERE id = detail.partition) AS partition,
            detail.cpus AS cpus, detail.memory_limit AS "memoryLimitMb", detail.gpus AS gpus,
            (SELECT count(*) FROM job_node WHERE job = job.seq) AS nodes,
            detail.time_limit AS "timeLimitSeconds", job.start_time AS "startTimeMs",
            job.suspended AS "suspendedSeconds"
       FROM job LEFT JOIN detail ON detail.job = job.seq
      WHERE ${where} ORDER BY job.start_time, job.seq`,
    values,
    PAGE_JOBS,
  );
  for await (const all of pages) {
    const rows = all.filter((row) => isSeen(sight, row));
    const seqs = rows.map(({ seq }) => seq);
    const usage = await readUsage(db, seqs);
    const found = await readFindings(db, seqs);
    yield rows.map(({ seq, ...row }) => {
      const findings = found.get(seq);
      return { ...withoutNull(row), ...combineUsage(usage.get(seq) ?? []), ...(findings && { findings }) };
    });
  }
}

function withoutNull(row: Omit<Row, 'seq'>): RunningJob {
  const known: Record<string, unknown> = {};
  for (const key in row) if (row[key] !== null) known[key] = row[key];
  return known as unknown as RunningJob;
}
