import type { Database } from 'bun:sqlite';
import { jobNotFound } from '../../domain/errors.ts';
import { JOB_STATES, type Job, type StateCounts } from '../../domain/job.ts';
import { isConfirmed, isReported } from '../../domain/run.ts';
import { combineUsage, type Usage } from '../../domain/sample.ts';
import type { JobTotals } from '../../domain/store.ts';
import { type Detail, detailReader } from './details.ts';

/** A row of `job`, with the user's name. */
export interface JobRow {
  seq: number;
  id: string;
  user: string;
  state: number;
  start_time: number;
  /** 0: start_time is only its place in the lists. */
  started: number;
  end_time: number | null;
}

// A subquery for the name: a join costs more to start than the row costs to find.
export const JOB_COLUMNS = `job.seq, job.id, (SELECT name FROM user WHERE id = job.user) AS user, job.state, job.start_time, job.started, job.end_time`;

/** Turns rows into jobs, with their nodes and usage, in the same order. */
export function jobCompleter(db: Database) {
  const selectRows = db.query<JobRow, [string]>(
    `SELECT ${JOB_COLUMNS} FROM json_each(?) AS wanted JOIN job ON job.seq = wanted.value ORDER BY wanted.key`,
  );
  const selectNodes = db.query<{ job: number; name: string }, [string]>(
    `SELECT job_node.job, node.name FROM json_each(?) AS wanted
       JOIN job_node ON job_node.job = wanted.value JOIN node ON node.id = job_node.node
      ORDER BY job_node.job, job_node.position`,
  );
  const selectUsage = db.query<Usage & { job: number }, [string]>(
    `SELECT usage.job, time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage
       FROM json_each(?) AS wanted JOIN usage ON usage.job = wanted.value`,
  );

  const findDetails = detailReader(db);

  function rows(found: readonly JobRow[]): Job[] {
    const wanted = JSON.stringify(found.map((row) => row.seq));
    const details = findDetails(wanted);
    const nodes = Map.groupBy(selectNodes.all(wanted), (row) => row.job);
    const usage = Map.groupBy(selectUsage.all(wanted), (row) => row.job);
    return found.map((row) => ({
      id: row.id,
      user: row.user,
      nodes: (nodes.get(row.seq) ?? []).map((node) => node.name),
      state: JOB_STATES[row.state]!,
      ...(row.started === 1 && { startTimeMs: row.start_time }),
      ...(row.end_time !== null && { endTimeMs: row.end_time }),
      ...combineUsage(usage.get(row.seq) ?? []),
      ...describeDetail(details.get(row.seq), row.end_time !== null),
    }));
  }

  return { rows, find: (seqs: readonly number[]) => rows(selectRows.all(JSON.stringify(seqs))) };
}

/** What a job shows of its details. */
export function describeDetail(
  detail: Detail | undefined,
  hasEnded: boolean,
): Pick<Job, 'details' | 'isEndConfirmed'> {
  if (!detail) return {};
  return {
    ...(Object.keys(detail.details).length > 0 && { details: detail.details }),
    ...(hasEnded && isReported(detail) && { isEndConfirmed: isConfirmed(detail) }),
  };
}

/** Reads jobs through one connection. */
export function jobReader(db: Database) {
  const complete = jobCompleter(db);
  const selectJob = db.query<JobRow, [string]>(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`);
  const selectStates = db.query<{ state: number; jobs: number }, []>(
    'SELECT state, jobs FROM job_count WHERE node = 0 AND user = 0',
  );
  const selectCreated = db.query<{ value: number }, []>(
    "SELECT value FROM counter WHERE name = 'jobs_created'",
  );
  return {
    get(id: string): Job {
      const row = selectJob.get(id);
      if (!row) throw jobNotFound(id);
      return complete.rows([row])[0]!;
    },

    totals(): JobTotals {
      const states = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as StateCounts;
      for (const { state, jobs } of selectStates.all()) states[JOB_STATES[state]!] = jobs;
      return { states, created: selectCreated.get()?.value ?? 0 };
    },
  };
}
