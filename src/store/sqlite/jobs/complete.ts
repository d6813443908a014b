import type { Database } from 'bun:sqlite';
import type { Job } from '../../../domain/job.ts';
import type { Usage } from '../../../domain/sample.ts';
import { completeRows, type JobRow } from '../../rows/complete-job.ts';
import { detailReader } from './details.ts';
import { findingReader } from './findings.ts';

// A subquery for the name: a join costs more to start than the row costs to find.
export const JOB_COLUMNS = `job.seq, job.id, (SELECT name FROM user WHERE id = job.user) AS user, job.state, job.start_time, job.started, job.end_time`;

/** Jobs read in one statement. */
const CHUNK_JOBS = 100;
/** Rows of nodes or usage read between two yields, which takes some hundred microseconds. */
const STEP_ROWS = 500;

/**
 * Reads what the nodes of jobs reported last, by the numbers of the jobs, given as a JSON array. Yields about
 * every millisecond.
 */
export function usageReader(db: Database) {
  const select = db.query<Usage & { job: number }, [string]>(
    `SELECT usage.job, time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage
       FROM json_each(?) AS wanted JOIN usage ON usage.job = wanted.value JOIN latest ON latest.usage = usage.id`,
  );
  return (wanted: string) => groupByJob(select.iterate(wanted));
}

/** Completes rows to jobs with nodes, usage and details, in the same order. */
export function jobCompleter(db: Database) {
  const selectRows = db.query<JobRow, [string]>(
    `SELECT ${JOB_COLUMNS} FROM json_each(?) AS wanted JOIN job ON job.seq = wanted.value ORDER BY wanted.key`,
  );
  // Not in order, because SQLite would sort the 100,000 nodes of a job in one go.
  const selectNodes = db.query<{ job: number; position: number; name: string }, [string]>(
    `SELECT job_node.job, job_node.position, node.name FROM json_each(?) AS wanted
       JOIN job_node ON job_node.job = wanted.value JOIN node ON node.id = job_node.node`,
  );
  const readUsage = usageReader(db);
  const findDetails = detailReader(db);
  const findFindings = findingReader(db);

  function* completeChunk(found: readonly JobRow[]): Generator<undefined, Job[]> {
    const wanted = JSON.stringify(found.map((row) => row.seq));
    const details = findDetails(wanted);
    const findings = findFindings(wanted);
    const nodes = yield* groupByJob(selectNodes.iterate(wanted));
    const usage = yield* readUsage(wanted);
    return completeRows(found, { nodes, usage, details, findings });
  }

  /** Completes rows step by step; yields about every millisecond, whatever the number of nodes. */
  function* complete(found: readonly JobRow[]): Generator<undefined, Job[]> {
    const jobs: Job[] = [];
    for (let at = 0; at < found.length; at += CHUNK_JOBS) {
      if (at > 0) yield;
      for (const job of yield* completeChunk(found.slice(at, at + CHUNK_JOBS))) jobs.push(job);
    }
    return jobs;
  }

  return {
    complete,

    /** Completes one row, step by step. */
    *one(row: JobRow): Generator<undefined, Job> {
      return (yield* complete([row]))[0]!;
    },

    /** Reads the jobs with these numbers, in this order, step by step. */
    *find(seqs: readonly number[]): Generator<undefined, Job[]> {
      const jobs: Job[] = [];
      for (let at = 0; at < seqs.length; at += CHUNK_JOBS) {
        if (at > 0) yield;
        const rows = selectRows.all(JSON.stringify(seqs.slice(at, at + CHUNK_JOBS)));
        for (const job of yield* completeChunk(rows)) jobs.push(job);
      }
      return jobs;
    },
  };
}

function* groupByJob<Row extends { job: number }>(
  rows: Iterable<Row>,
): Generator<undefined, Map<number, Row[]>> {
  const groups = new Map<number, Row[]>();
  let count = 0;
  for (const row of rows) {
    const group = groups.get(row.job);
    if (group) group.push(row);
    else groups.set(row.job, [row]);
    if (++count % STEP_ROWS === 0) yield;
  }
  return groups;
}
