import type { Job } from '../../../domain/job.ts';
import type { Usage } from '../../../domain/sample.ts';
import { completeRows, type JobRow } from '../../rows/complete-job.ts';
import type { Queries } from '../sql/queries.ts';
import { readDetails } from './details.ts';
import { readFindings } from './findings.ts';

export const JOB_COLUMNS = `job.seq, job.id, (SELECT name FROM user_name WHERE id = job.user) AS user, job.state, job.start_time, job.started, job.end_time`;

/** Jobs read in one statement. */
const CHUNK_JOBS = 250;

/** Reads what the nodes of jobs reported last, by the numbers of the jobs. */
export async function readUsage(db: Queries, jobs: readonly number[]): Promise<Map<number, Usage[]>> {
  const rows = await db.all<Usage & { job: number }>(
    `SELECT usage.job, time AS "timeMs", cpu AS "cpuUsage", memory AS "memoryUsageMb", gpu AS "gpuUsage"
       FROM usage JOIN latest ON latest.usage = usage.id WHERE usage.job = ANY($1::bigint[])`,
    [jobs],
  );
  return Map.groupBy(rows, ({ job }) => job);
}

/** Completes rows to jobs with nodes, usage and details, in the same order. */
export async function completeJobs(db: Queries, found: readonly JobRow[]): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let at = 0; at < found.length; at += CHUNK_JOBS)
    jobs.push(...(await completeChunk(db, found.slice(at, at + CHUNK_JOBS))));
  return jobs;
}

/** Reads the jobs with these numbers, in this order. */
export async function findJobs(db: Queries, seqs: readonly number[]): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let at = 0; at < seqs.length; at += CHUNK_JOBS) {
    const rows = await db.all<JobRow>(
      `SELECT ${JOB_COLUMNS} FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (seq, place)
         JOIN job ON job.seq = wanted.seq ORDER BY wanted.place`,
      [seqs.slice(at, at + CHUNK_JOBS)],
    );
    jobs.push(...(await completeChunk(db, rows)));
  }
  return jobs;
}

async function completeChunk(db: Queries, found: readonly JobRow[]): Promise<Job[]> {
  if (found.length === 0) return [];
  const seqs = found.map(({ seq }) => seq);
  const [details, findings, nodeRows, usage] = await Promise.all([
    readDetails(db, seqs),
    readFindings(db, seqs),
    db.all<{ job: number; position: number; name: string }>(
      `SELECT job_node.job, job_node.position, node_name.name FROM job_node JOIN node_name ON node_name.id = job_node.node
        WHERE job_node.job = ANY($1::bigint[])`,
      [seqs],
    ),
    readUsage(db, seqs),
  ]);
  const nodes = Map.groupBy(nodeRows, ({ job }) => job);
  return completeRows(found, { nodes, usage, details, findings });
}
