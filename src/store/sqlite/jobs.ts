import type { Database } from 'bun:sqlite';
import { AppError, jobNotFound, quote } from '../../domain/errors.ts';
import {
  changeState,
  JOB_STATES,
  type Job,
  type JobPatch,
  type NewJob,
  type StateCounts,
} from '../../domain/job.ts';
import { combineUsage, type Usage } from '../../domain/sample.ts';
import type { BatchResult, JobFilter, JobTotals, Page, PastJob, Refusal } from '../../domain/store.ts';
import { nameWriter } from './names.ts';

/** A row of `job`, with the user's name. */
interface JobRow {
  seq: number;
  id: string;
  user: string;
  state: number;
  start_time: number;
  end_time: number | null;
}

// A subquery for the name: a join costs more to start than the row costs to find.
const JOB_COLUMNS = `job.seq, job.id, (SELECT name FROM user WHERE id = job.user) AS user, job.state, job.start_time, job.end_time`;

/** Reads jobs through one connection. */
export function jobReader(db: Database) {
  const selectJob = db.query<JobRow, [string]>(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`);
  const selectNodes = db.query<{ job: number; name: string }, [string]>(
    `SELECT job_node.job, node.name FROM json_each(?) AS wanted
       JOIN job_node ON job_node.job = wanted.value JOIN node ON node.id = job_node.node
      ORDER BY job_node.job, job_node.position`,
  );
  const selectUsage = db.query<Usage & { job: number }, [string]>(
    `SELECT usage.job, time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage
       FROM json_each(?) AS wanted JOIN usage ON usage.job = wanted.value`,
  );
  const selectCount = db.query<{ jobs: number }, [number, number, number, number]>(
    'SELECT coalesce(sum(jobs), 0) AS jobs FROM job_count WHERE node = ? AND user = ? AND state BETWEEN ? AND ?',
  );
  const selectStates = db.query<{ state: number; jobs: number }, []>(
    'SELECT state, jobs FROM job_count WHERE node = 0 AND user = 0',
  );
  const selectCreated = db.query<{ value: number }, []>(
    "SELECT value FROM counter WHERE name = 'jobs_created'",
  );
  const findName = (table: 'user' | 'node', name: string) =>
    db.query<{ id: number }, [string]>(`SELECT id FROM ${table} WHERE name = ?`).get(name)?.id;

  /** The filter as the numbers that rows carry; undefined when it names somebody or something never seen. */
  function numberFilter(filter: JobFilter): { node?: number; user?: number; state?: number } | undefined {
    const wanted: { node?: number; user?: number; state?: number } = {};
    if (filter.state !== undefined) wanted.state = JOB_STATES.indexOf(filter.state);
    for (const table of ['node', 'user'] as const) {
      const name = filter[table];
      if (name === undefined) continue;
      const id = findName(table, name);
      if (id === undefined) return undefined;
      wanted[table] = id;
    }
    return wanted;
  }

  function complete(rows: readonly JobRow[]): Job[] {
    const wanted = JSON.stringify(rows.map((row) => row.seq));
    const nodes = Map.groupBy(selectNodes.all(wanted), (row) => row.job);
    const usage = Map.groupBy(selectUsage.all(wanted), (row) => row.job);
    return rows.map((row) => ({
      id: row.id,
      user: row.user,
      nodes: (nodes.get(row.seq) ?? []).map((node) => node.name),
      state: JOB_STATES[row.state]!,
      startTimeMs: row.start_time,
      ...(row.end_time !== null && { endTimeMs: row.end_time }),
      ...combineUsage(usage.get(row.seq) ?? []),
    }));
  }

  return {
    get(id: string): Job {
      const row = selectJob.get(id);
      if (!row) throw jobNotFound(id);
      return complete([row])[0]!;
    },

    list(filter: JobFilter, page: Page): { jobs: Job[]; total: number } {
      const wanted = numberFilter(filter);
      if (!wanted) return { jobs: [], total: 0 };
      const { node, user, state } = wanted;
      const sql = listQuery({
        byNode: node !== undefined,
        byUser: user !== undefined,
        byState: state !== undefined,
      });
      const values = [node, user, state].filter((value) => value !== undefined);
      const rows = db.query<JobRow, number[]>(sql).all(...values, page.limit, page.offset);
      const total = selectCount.get(node ?? 0, user ?? 0, state ?? 0, state ?? JOB_STATES.length)?.jobs ?? 0;
      return { jobs: complete(rows), total };
    },

    totals(): JobTotals {
      const states = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as StateCounts;
      for (const { state, jobs } of selectStates.all()) states[JOB_STATES[state]!] = jobs;
      return { states, created: selectCreated.get()?.value ?? 0 };
    },
  };
}

/** Which of the documented filters a list uses. */
export interface ListShape {
  readonly byNode: boolean;
  readonly byUser: boolean;
  readonly byState: boolean;
}

/**
 * The query of a list; its parameters are node, user and state as far as used, then limit and offset. The index is named so that
 * the plan cannot change with the data: each walks in the order of the list and stops at the page's end.
 */
export function listQuery({ byNode, byUser, byState }: ListShape): string {
  const from = byNode ? 'job_node' : 'job';
  const terms = [byNode && 'node', byUser && 'user', byState && 'state'].filter((term) => term !== false);
  const where = terms.length === 0 ? '' : `WHERE ${terms.map((term) => `${from}.${term} = ?`).join(' AND ')}`;
  const join = byNode ? 'JOIN job ON job.seq = job_node.job' : '';
  return `SELECT ${JOB_COLUMNS} FROM ${from} INDEXED BY ${listIndex({ byNode, byUser, byState })} ${join} ${where}
           ORDER BY ${from}.start_time DESC, job.id LIMIT ? OFFSET ?`;
}

function listIndex({ byNode, byUser, byState }: ListShape): string {
  if (byNode) return byUser ? 'job_node_by_user' : byState ? 'job_node_by_state' : 'job_node_by_start';
  if (byUser) return byState ? 'job_by_user_state' : 'job_by_user';
  return byState ? 'job_by_state' : 'job_by_start';
}

/** Writes jobs inside the transaction of the group. */
export function jobWriter(db: Database) {
  const reader = jobReader(db);
  const users = nameWriter(db, 'user');
  const nodes = nameWriter(db, 'node');
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
    const user = users.add(job.user);
    const nodeIds = job.nodes.map((name) => nodes.add(name));
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
      const refused: Refusal[] = [];
      jobs.forEach((job, index) => {
        if (select.get(job.id)) {
          refused.push({
            index,
            error: 'conflict',
            message: `A job with the id ${quote(job.id)} already exists.`,
          });
        } else {
          insert(job);
        }
      });
      return { stored: jobs.length - refused.length, refused };
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
