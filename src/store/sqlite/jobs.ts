import type { Database } from 'bun:sqlite';
import type { JobDetails } from '../../domain/detail.ts';
import { AppError, jobNotFound, quote } from '../../domain/errors.ts';
import {
  changeState,
  hasEnded,
  isRepeat,
  JOB_STATES,
  type Job,
  type JobPatch,
  type JobState,
  type NewJob,
  type PastJob,
  type StateCounts,
} from '../../domain/job.ts';
import { isConfirmed, isReported, NOT_REPORTED } from '../../domain/run.ts';
import { combineUsage, requireNode, type Usage } from '../../domain/sample.ts';
import {
  type BatchResult,
  type JobEvent,
  type JobTotals,
  MAX_REFUSALS,
  type Refusal,
} from '../../domain/store.ts';
import { type Detail, detailFinder, detailReader, detailWriter } from './details.ts';
import { eventWriter } from './events.ts';
import { type FlowTally, flowWriter } from './flow.ts';
import { jobRowWriter } from './jobrow.ts';

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

/** Writes what comes over the API inside the transaction of the group. */
export function jobWriter(db: Database) {
  const reader = jobReader(db);
  const findDetail = detailFinder(db);
  const rows = jobRowWriter(db);
  const writeDetail = detailWriter(db);
  const writeEvent = eventWriter(db);
  const startTally = flowWriter(db);
  const select = db.query<Omit<JobRow, 'user'> & { first_node: number }, [string]>(
    'SELECT seq, id, first_node, state, start_time, started, end_time FROM job WHERE id = ?',
  );
  const updateState = db.query(
    'UPDATE job SET state = ?, start_time = ?, started = ?, end_time = ? WHERE seq = ?',
  );
  const blankUsage = db.query(
    `UPDATE usage SET time = ?6, cpu = iif(?2, NULL, cpu), memory = iif(?3, NULL, memory), gpu = iif(?4, NULL, gpu)
      WHERE job = ?1 AND node <> ?5`,
  );
  const setUsage = db.query(
    `INSERT INTO usage (job, node, time, cpu, memory, gpu) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
       ON CONFLICT DO UPDATE SET time = ?3, cpu = coalesce(?4, cpu), memory = coalesce(?5, memory), gpu = coalesce(?6, gpu)`,
  );
  const deleteJob = db.query('DELETE FROM job WHERE seq = ?');

  function insert({ id, details, ...job }: PastJob, tally: FlowTally): void {
    const { user, nodes, state, startTimeMs, endTimeMs } = job;
    const seq = rows.insert(id, { user, nodes, state, startTimeMs, hasStarted: true, endTimeMs });
    if (details) writeDetail(seq, { details, provenance: NOT_REPORTED });
    tally.note([], { ...job, ...details }, endTimeMs ?? startTimeMs);
    const { stamped: _, ...change } = job;
    writeEvent(id, { timeMs: startTimeMs, source: 'api', change: { ...change, ...details } });
  }

  function find(id: string) {
    const row = select.get(id);
    if (!row) throw jobNotFound(id);
    return row;
  }

  /** Moves a job to another state; returns what changed. */
  function moveState(row: ReturnType<typeof find>, state: JobState, nowMs: number): JobEvent['change'] {
    const isStarting = row.started === 0 && state !== 'pending' && !hasEnded(state);
    const startTimeMs = isStarting ? nowMs : row.start_time;
    const after = changeState(
      { state: JOB_STATES[row.state]!, startTimeMs, endTimeMs: row.end_time },
      state,
      nowMs,
    );
    const started = isStarting ? 1 : row.started;
    updateState.run(JOB_STATES.indexOf(after.state), startTimeMs, started, after.endTimeMs, row.seq);
    return {
      ...(row.state !== JOB_STATES.indexOf(state) && { state }),
      ...(isStarting && { startTimeMs }),
      ...(row.end_time !== after.endTimeMs && { endTimeMs: after.endTimeMs }),
    };
  }

  /** Counts what the move of a job, of which `before` is the row as it was, has brought about. */
  function countMove(before: ReturnType<typeof find>, nowMs: number): void {
    const after = find(before.id);
    const details = findDetail(before.seq)?.details ?? {};
    const passage = ({ state, started, start_time, end_time }: typeof before) => ({
      ...details,
      state: JOB_STATES[state]!,
      startTimeMs: started === 1 ? start_time : undefined,
      endTimeMs: end_time ?? undefined,
    });
    const tally = startTally();
    tally.note([passage(before)], passage(after), nowMs);
    tally.keep();
  }

  /** Adds details; what a scheduler says of the same later takes their place. */
  function addDetails(seq: number, added: JobDetails | undefined, isMoved: boolean): JobEvent['change'] {
    const known = findDetail(seq);
    if (!added && !known) return {};
    const provenance = known?.provenance ?? NOT_REPORTED;
    const { standing } = isMoved ? NOT_REPORTED : provenance;
    const details = { ...known?.details, ...added };
    writeDetail(seq, { details, provenance: { ...provenance, standing } });
    return { ...added };
  }

  return {
    create(job: NewJob, nowMs: number): Job {
      if (select.get(job.id))
        throw new AppError('conflict', `A job with the id ${quote(job.id)} already exists.`);
      const tally = startTally();
      insert({ ...job, state: 'running', startTimeMs: nowMs }, tally);
      tally.keep();
      return reader.get(job.id);
    },

    createMany(jobs: readonly PastJob[]): BatchResult {
      const refusals: Refusal[] = [];
      let refused = 0;
      let repeated = 0;
      const tally = startTally();
      for (const [index, job] of jobs.entries()) {
        if (!select.get(job.id)) insert(job, tally);
        else if (isRepeat(job, reader.get(job.id))) repeated++;
        else if (++refused <= MAX_REFUSALS) {
          const message = `Another job with the id ${quote(job.id)} already exists.`;
          refusals.push({ index, error: 'conflict', message });
        }
      }
      tally.keep();
      return { stored: jobs.length - repeated - refused, repeated, refused, refusals };
    },

    update(id: string, { state, details, ...usage }: JobPatch, nowMs: number): Job {
      const row = find(id);
      const { cpuUsage = null, memoryUsageMb = null, gpuUsage = null } = usage;
      const hasUsage = [cpuUsage, memoryUsageMb, gpuUsage].some((value) => value !== null);
      // Before anything is changed: what is refused leaves nothing in the transaction of the others.
      if (hasUsage) requireNode(row.first_node);
      const change = {
        ...(state !== undefined && moveState(row, state, nowMs)),
        ...((state !== undefined || details) && addDetails(row.seq, details, state !== undefined)),
      };
      if (Object.keys(change).length > 0) writeEvent(id, { timeMs: nowMs, source: 'api', change });
      if (state !== undefined) countMove(row, nowMs);
      if (hasUsage) {
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
