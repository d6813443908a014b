import type { Database } from 'bun:sqlite';
import { AppError, jobNotFound, quote } from '../../domain/errors.ts';
import {
  changeState,
  isRepeat,
  JOB_STATES,
  type Job,
  type JobPatch,
  type NewJob,
  type PastJob,
  type StateCounts,
} from '../../domain/job.ts';
import { combineUsage, type Usage } from '../../domain/sample.ts';
import { type BatchResult, type JobTotals, MAX_REFUSALS, type Refusal } from '../../domain/store.ts';
import { nameWriter } from './names.ts';

/** A row of `job`, with the user's name. */
export interface JobRow {
  seq: number;
  id: string;
  user: string;
  state: number;
  start_time: number;
  end_time: number | null;
}

// A subquery for the name: a join costs more to start than the row costs to find.
export const JOB_COLUMNS = `job.seq, job.id, (SELECT name FROM user WHERE id = job.user) AS user, job.state, job.start_time, job.end_time`;

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

  function rows(found: readonly JobRow[]): Job[] {
    const wanted = JSON.stringify(found.map((row) => row.seq));
    const nodes = Map.groupBy(selectNodes.all(wanted), (row) => row.job);
    const usage = Map.groupBy(selectUsage.all(wanted), (row) => row.job);
    return found.map((row) => ({
      id: row.id,
      user: row.user,
      nodes: (nodes.get(row.seq) ?? []).map((node) => node.name),
      state: JOB_STATES[row.state]!,
      startTimeMs: row.start_time,
      ...(row.end_time !== null && { endTimeMs: row.end_time }),
      ...combineUsage(usage.get(row.seq) ?? []),
    }));
  }

  return { rows, find: (seqs: readonly number[]) => rows(selectRows.all(JSON.stringify(seqs))) };
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

/** Writes jobs inside the transaction of the group. */
export function jobWriter(db: Database) {
  const reader = jobReader(db);
  const numberUser = nameWriter(db, 'user');
  const numberNode = nameWriter(db, 'node');
  const select = db.query<Omit<JobRow, 'user'> & { first_node: number }, [string]>(
    'SELECT seq, id, first_node, state, start_time, end_time FROM job WHERE id = ?',
  );
  const insertJob = db.query(
    'INSERT INTO job (id, user, first_node, state, start_time, end_time) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const insertNode = db.query(
    'INSERT INTO job_node (job, node, position, user, state, start_time) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const updateState = db.query('UPDATE job SET state = ?, end_time = ? WHERE seq = ?');
  const blankUsage = db.query(
    `UPDATE usage SET time = ?6, cpu = iif(?2, NULL, cpu), memory = iif(?3, NULL, memory), gpu = iif(?4, NULL, gpu)
      WHERE job = ?1 AND node <> ?5`,
  );
  const setUsage = db.query(
    `INSERT INTO usage (job, node, time, cpu, memory, gpu) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
       ON CONFLICT DO UPDATE SET time = ?3, cpu = coalesce(?4, cpu), memory = coalesce(?5, memory), gpu = coalesce(?6, gpu)`,
  );
  const deleteJob = db.query('DELETE FROM job WHERE seq = ?');

  function insert(job: PastJob): void {
    const user = numberUser(job.user);
    const nodeIds = job.nodes.map(numberNode);
    const state = JOB_STATES.indexOf(job.state);
    const inserted = insertJob.run(job.id, user, nodeIds[0]!, state, job.startTimeMs, job.endTimeMs ?? null);
    const seq = Number(inserted.lastInsertRowid);
    nodeIds.forEach((node, position) => {
      insertNode.run(seq, node, position, user, state, job.startTimeMs);
    });
  }

  function find(id: string) {
    const row = select.get(id);
    if (!row) throw jobNotFound(id);
    return row;
  }

  return {
    create(job: NewJob, nowMs: number): Job {
      if (select.get(job.id))
        throw new AppError('conflict', `A job with the id ${quote(job.id)} already exists.`);
      insert({ ...job, state: 'running', startTimeMs: nowMs });
      return reader.get(job.id);
    },

    createMany(jobs: readonly PastJob[]): BatchResult {
      const refusals: Refusal[] = [];
      let refused = 0;
      let repeated = 0;
      for (const [index, job] of jobs.entries()) {
        if (!select.get(job.id)) insert(job);
        else if (isRepeat(job, reader.get(job.id))) repeated++;
        else if (++refused <= MAX_REFUSALS) {
          const message = `Another job with the id ${quote(job.id)} already exists.`;
          refusals.push({ index, error: 'conflict', message });
        }
      }
      return { stored: jobs.length - repeated - refused, repeated, refused, refusals };
    },

    update(id: string, patch: JobPatch, nowMs: number): Job {
      const row = find(id);
      if (patch.state !== undefined) {
        const life = { state: JOB_STATES[row.state]!, startTimeMs: row.start_time, endTimeMs: row.end_time };
        const after = changeState(life, patch.state, nowMs);
        updateState.run(JOB_STATES.indexOf(after.state), after.endTimeMs, row.seq);
      }
      const { cpuUsage = null, memoryUsageMb = null, gpuUsage = null } = patch;
      if (cpuUsage !== null || memoryUsageMb !== null || gpuUsage !== null) {
        blankUsage.run(
          row.seq,
          cpuUsage !== null,
          memoryUsageMb !== null,
          gpuUsage !== null,
          row.first_node,
          nowMs,
        );
        setUsage.run(row.seq, row.first_node, nowMs, cpuUsage, memoryUsageMb, gpuUsage);
      }
      return reader.get(id);
    },

    delete(id: string): void {
      deleteJob.run(find(id).seq);
    },
  };
}
