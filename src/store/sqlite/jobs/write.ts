import type { Database } from 'bun:sqlite';
import { jobExists, jobNotFound, otherJobExists } from '../../../domain/errors.ts';
import {
  isRepeat,
  type Job,
  type JobLife,
  type JobPatch,
  lifeOfNew,
  type NewJob,
  type PastJob,
} from '../../../domain/job.ts';
import { planPatch, type UsagePatch } from '../../../domain/patch-plan.ts';
import { type BatchResult, MAX_REFUSALS, type Refusal } from '../../../domain/store/batch.ts';
import { tallyRun } from '../../../domain/throughput.ts';
import { NOT_REPORTED } from '../../../domain/trust.ts';
import type { JobRow } from '../../rows/complete-job.ts';
import { NO_NODE } from '../../rows/job.ts';
import { stateName } from '../../rows/states.ts';
import { detailFinder } from './details.ts';
import { eventWriter } from './events.ts';
import { ownerReader } from './owners.ts';
import { jobReader } from './read.ts';
import type { JobRows } from './row.ts';

type Row = Omit<JobRow, 'user'> & { readonly first_node: number };

/** Writes what the API says of jobs, inside the transaction of the group. */
export function jobWriter(db: Database, rows: JobRows) {
  const reader = jobReader(db);
  const findDetail = detailFinder(db);
  const events = eventWriter(db);
  const owners = ownerReader(db);
  const select = db.query<Row, [string]>(
    'SELECT seq, id, first_node, state, start_time, started, end_time FROM job WHERE id = ?',
  );
  const selectSeq = db.query<{ seq: number }, [string]>('SELECT seq FROM job WHERE id = ?');
  const selectStored = db.query<{ id: string }, [string]>(
    'SELECT job.id FROM json_each(?) AS wanted JOIN job ON job.id = wanted.value',
  );
  const blankUsage = db.query(
    `UPDATE latest SET time = ?6, cpu = iif(?2, NULL, cpu), memory = iif(?3, NULL, memory), gpu = iif(?4, NULL, gpu)
      WHERE usage IN (SELECT id FROM usage WHERE job = ?1 AND node <> ?5)`,
  );
  // Rows of the log up to now are of a deleted job that had the same number: they stay out of reach.
  const insertUsage = db.query(
    `INSERT INTO usage (job, node, sealed) VALUES (?1, ?2, (SELECT ifnull(max(seq), 0) FROM log))
       ON CONFLICT DO NOTHING`,
  );
  const setUsage = db.query(
    `INSERT INTO latest (usage, time, cpu, memory, gpu)
       SELECT id, ?3, ?4, ?5, ?6 FROM usage WHERE job = ?1 AND node = ?2
       ON CONFLICT DO UPDATE SET time = ?3, cpu = coalesce(?4, cpu), memory = coalesce(?5, memory), gpu = coalesce(?6, gpu)`,
  );

  /** Inserts jobs that are not stored. Writes no events, because the first one derives from the row. */
  function insert(jobs: readonly PastJob[]): void {
    rows.insert(
      jobs.map(({ id, user, nodes, state, startTimeMs, endTimeMs, details }) => ({
        ...{ id, user, nodes, state, startTimeMs, hasStarted: true, endTimeMs },
        detail: details && { details, provenance: NOT_REPORTED },
      })),
      { areNewJobs: true },
    );
    for (const { details, stamped: _, ...job } of jobs)
      rows.tally(tallyRun([], { ...job, ...details }, job.endTimeMs ?? job.startTimeMs));
  }

  /** Returns the jobs that are new, and the indexes of those whose id is stored or came before. */
  function sortOut(jobs: readonly PastJob[]): { fresh: PastJob[]; known: number[] } {
    const ids = new Set(selectStored.all(JSON.stringify(jobs.map(({ id }) => id))).map(({ id }) => id));
    const fresh: PastJob[] = [];
    const known: number[] = [];
    for (const [index, job] of jobs.entries()) {
      if (ids.has(job.id)) known.push(index);
      else fresh.push(job);
      ids.add(job.id);
    }
    return { fresh, known };
  }

  function find(id: string): Row {
    const row = select.get(id);
    if (!row) throw jobNotFound(id);
    return row;
  }

  function setUsageOf(
    { seq, first_node }: Row,
    { cpuUsage, memoryUsageMb, gpuUsage }: UsagePatch,
    nowMs: number,
  ) {
    const [hasCpu, hasMemory, hasGpu] = [cpuUsage, memoryUsageMb, gpuUsage].map((value) => value !== null);
    blankUsage.run(seq, hasCpu!, hasMemory!, hasGpu!, first_node, nowMs);
    insertUsage.run(seq, first_node);
    setUsage.run(seq, first_node, nowMs, cpuUsage, memoryUsageMb, gpuUsage);
    rows.markMeasured([seq]);
  }

  return {
    create(job: NewJob, nowMs: number): void {
      if (selectSeq.get(job.id)) throw jobExists(job.id);
      insert([{ ...job, ...lifeOfNew(nowMs) }]);
    },

    createMany(jobs: readonly PastJob[]): BatchResult {
      const refusals: Refusal[] = [];
      let refused = 0;
      let repeated = 0;
      const { fresh, known } = sortOut(jobs);
      insert(fresh);
      for (const index of known) {
        const job = jobs[index]!;
        if (isRepeat(job, reader.get(job.id))) repeated++;
        else if (++refused <= MAX_REFUSALS)
          refusals.push({ index, error: 'conflict', message: otherJobExists(job.id).message });
      }
      return { stored: jobs.length - repeated - refused, repeated, refused, refusals };
    },

    update(id: string, patch: JobPatch, nowMs: number): Job {
      const row = find(id);
      const known = {
        life: lifeOf(row),
        hasNodes: row.first_node !== NO_NODE,
        detail: findDetail(row.seq),
      };
      // Refuses before anything is written, because other writes share the transaction.
      const { life, detail, usage, event, tally } = planPatch(known, patch, nowMs);
      if (life) rows.move(row.seq, life);
      if (detail) rows.describe(row.seq, detail);
      if (event) events.write(id, owners.hasPast(id) ? { ...event, owner: owners.latest(id) } : event);
      rows.tally(tally);
      if (usage) setUsageOf(row, usage, nowMs);
      return reader.get(id);
    },

    delete(id: string): void {
      rows.remove(find(id).seq);
    },
  };
}

const lifeOf = ({ state, started, start_time, end_time }: Row): JobLife => ({
  state: stateName(state),
  startTimeMs: start_time,
  hasStarted: started === 1,
  endTimeMs: end_time ?? undefined,
});
