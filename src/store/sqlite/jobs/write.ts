import type { Database } from 'bun:sqlite';
import type { JobDetails } from '../../../domain/detail.ts';
import { jobExists, jobNotFound, otherJobExists } from '../../../domain/errors.ts';
import {
  changeState,
  hasEnded,
  isRepeat,
  JOB_STATES,
  type Job,
  type JobPatch,
  type JobState,
  lifeOfNew,
  type NewJob,
  type PastJob,
} from '../../../domain/job.ts';
import { NOT_REPORTED } from '../../../domain/run.ts';
import { hasNoNodes } from '../../../domain/sample.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import type { JobEvent } from '../../../domain/store/runs.ts';
import type { JobRow } from './complete.ts';
import { type Detail, detailFinder } from './details.ts';
import { eventWriter } from './events.ts';
import { jobReader } from './read.ts';
import { type JobRows, NO_NODE } from './row.ts';

type Row = Omit<JobRow, 'user'> & { readonly first_node: number };

/** Writes what comes over the API inside the transaction of the group. */
export function jobWriter(db: Database, rows: JobRows) {
  const reader = jobReader(db);
  const findDetail = detailFinder(db);
  const events = eventWriter(db);
  const select = db.query<Row, [string]>(
    'SELECT seq, id, first_node, state, start_time, started, end_time FROM job WHERE id = ?',
  );
  const selectSeq = db.query<{ seq: number }, [string]>('SELECT seq FROM job WHERE id = ?');
  const blankUsage = db.query(
    `UPDATE latest SET time = ?6, cpu = iif(?2, NULL, cpu), memory = iif(?3, NULL, memory), gpu = iif(?4, NULL, gpu)
      WHERE usage IN (SELECT id FROM usage WHERE job = ?1 AND node <> ?5)`,
  );
  // What came into the log under this id before, of a job that is gone, is out of reach.
  const insertUsage = db.query(
    `INSERT INTO usage (job, node, sealed) VALUES (?1, ?2, (SELECT ifnull(max(seq), 0) FROM log))
       ON CONFLICT DO NOTHING`,
  );
  const setUsage = db.query(
    `INSERT INTO latest (usage, time, cpu, memory, gpu)
       SELECT id, ?3, ?4, ?5, ?6 FROM usage WHERE job = ?1 AND node = ?2
       ON CONFLICT DO UPDATE SET time = ?3, cpu = coalesce(?4, cpu), memory = coalesce(?5, memory), gpu = coalesce(?6, gpu)`,
  );

  /** Leaves no event: the row tells all of it (`eventWriter`). */
  function insert({ id, details, stamped: _, ...job }: PastJob): void {
    const { user, nodes, state, startTimeMs, endTimeMs } = job;
    const detail: Detail | undefined = details && { details, provenance: NOT_REPORTED };
    const fields = { user, nodes, state, startTimeMs, hasStarted: true, endTimeMs };
    rows.insert(id, fields, { isNewJob: true, detail });
    rows.noteFlow([], { ...job, ...details }, endTimeMs ?? startTimeMs);
  }

  function find(id: string): Row {
    const row = select.get(id);
    if (!row) throw jobNotFound(id);
    return row;
  }

  /** Moves a job to another state; returns what changed. */
  function moveState(row: Row, state: JobState, nowMs: number): JobEvent['change'] {
    const isStarting = row.started === 0 && state !== 'pending' && !hasEnded(state);
    const startTimeMs = isStarting ? nowMs : row.start_time;
    const life = { state: JOB_STATES[row.state]!, startTimeMs, endTimeMs: row.end_time };
    const after = changeState(life, state, nowMs);
    rows.move(row.seq, {
      state: after.state,
      startTimeMs,
      hasStarted: isStarting || row.started === 1,
      endTimeMs: after.endTimeMs ?? undefined,
    });
    return {
      ...(row.state !== JOB_STATES.indexOf(state) && { state }),
      ...(isStarting && { startTimeMs }),
      ...(row.end_time !== after.endTimeMs && { endTimeMs: after.endTimeMs }),
    };
  }

  /** Adds details; what a scheduler says of the same later takes their place. */
  function addDetails(
    seq: number,
    known: Detail | undefined,
    added: JobDetails | undefined,
    isMoved: boolean,
  ): JobEvent['change'] {
    if (!added && !known) return {};
    const provenance = known?.provenance ?? NOT_REPORTED;
    const { standing } = isMoved ? NOT_REPORTED : provenance;
    const details = { ...known?.details, ...added };
    rows.describe(seq, { details, provenance: { ...provenance, standing } });
    return { ...added };
  }

  /** Applies what a patch says of state and details, and notes it. */
  function change(row: Row, { state, details }: Pick<JobPatch, 'state' | 'details'>, nowMs: number): void {
    const known = findDetail(row.seq);
    const changed = {
      ...(state !== undefined && moveState(row, state, nowMs)),
      ...addDetails(row.seq, known, details, state !== undefined),
    };
    const before = { ...known?.details, ...lifeOf(row) };
    if (Object.keys(changed).length > 0)
      events.write(row.id, { timeMs: nowMs, source: 'api', change: changed }, before);
    if (state === undefined) return;
    rows.noteFlow([before], { ...known?.details, ...details, ...lifeOf(find(row.id)) }, nowMs);
  }

  return {
    create(job: NewJob, nowMs: number): void {
      if (selectSeq.get(job.id)) throw jobExists(job.id);
      insert({ ...job, ...lifeOfNew(nowMs) });
    },

    createMany(jobs: readonly PastJob[]): BatchResult {
      const refusals: Refusal[] = [];
      let refused = 0;
      let repeated = 0;
      for (const [index, job] of jobs.entries()) {
        if (!selectSeq.get(job.id)) insert(job);
        else if (isRepeat(job, reader.get(job.id))) repeated++;
        else if (++refused <= MAX_REFUSALS) {
          const { message } = otherJobExists(job.id);
          refusals.push({ index, error: 'conflict', message });
        }
      }
      return { stored: jobs.length - repeated - refused, repeated, refused, refusals };
    },

    update(id: string, { state, details, ...usage }: JobPatch, nowMs: number): Job {
      const row = find(id);
      const { cpuUsage = null, memoryUsageMb = null, gpuUsage = null } = usage;
      const hasUsage = [cpuUsage, memoryUsageMb, gpuUsage].some((value) => value !== null);
      // Before anything is changed: what is refused leaves nothing in the transaction of the others.
      if (hasUsage && row.first_node === NO_NODE) throw hasNoNodes();
      if (state !== undefined || details)
        change(row, { ...(state && { state }), ...(details && { details }) }, nowMs);
      if (hasUsage) {
        const [hasCpu, hasMemory, hasGpu] = [cpuUsage, memoryUsageMb, gpuUsage].map(
          (value) => value !== null,
        );
        blankUsage.run(row.seq, hasCpu!, hasMemory!, hasGpu!, row.first_node, nowMs);
        insertUsage.run(row.seq, row.first_node);
        setUsage.run(row.seq, row.first_node, nowMs, cpuUsage, memoryUsageMb, gpuUsage);
      }
      return reader.get(id);
    },

    delete(id: string): void {
      rows.remove(find(id).seq);
    },
  };
}

/** Where a job is in its life. */
const lifeOf = ({ state, started, start_time, end_time }: Row) => ({
  state: JOB_STATES[state]!,
  startTimeMs: started === 1 ? start_time : undefined,
  endTimeMs: end_time ?? undefined,
});
