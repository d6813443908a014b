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
import type { Writing } from '../sql/queries.ts';
import { findDetail } from './details.ts';
import { eventWriter } from './events.ts';
import { findOwner, hasPastRuns } from './owners.ts';
import { readJob } from './read.ts';
import type { JobRows } from './row.ts';

type Row = Omit<JobRow, 'user'> & { readonly first_node: number };

/** Writes what the API says of jobs, inside the transaction of the group. */
export function jobWriter(db: Writing, rows: JobRows) {
  const events = eventWriter(db);

  /** Inserts jobs that are not stored. Writes no events, because the first one derives from the row. */
  async function insert(jobs: readonly PastJob[]): Promise<void> {
    await rows.insert(
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
  async function sortOut(jobs: readonly PastJob[]): Promise<{ fresh: PastJob[]; known: number[] }> {
    const stored = await db.all<{ id: string }>('SELECT id FROM job WHERE id = ANY($1::text[])', [
      jobs.map(({ id }) => id),
    ]);
    const ids = new Set(stored.map(({ id }) => id));
    const fresh: PastJob[] = [];
    const known: number[] = [];
    for (const [index, job] of jobs.entries()) {
      if (ids.has(job.id)) known.push(index);
      else fresh.push(job);
      ids.add(job.id);
    }
    return { fresh, known };
  }

  async function find(id: string): Promise<Row> {
    const row = await db.get<Row>(
      'SELECT seq, id, first_node, state, start_time, started, end_time FROM job WHERE id = $1',
      [id],
    );
    if (!row) throw jobNotFound(id);
    return row;
  }

  function setUsageOf({ seq, first_node }: Row, usage: UsagePatch, nowMs: number): void {
    const { cpuUsage, memoryUsageMb, gpuUsage } = usage;
    const [hasCpu, hasMemory, hasGpu] = [cpuUsage, memoryUsageMb, gpuUsage].map((value) => value !== null);
    db.send(
      `UPDATE latest SET time = $6::bigint, cpu = CASE WHEN $2 THEN NULL ELSE cpu END,
              memory = CASE WHEN $3 THEN NULL ELSE memory END, gpu = CASE WHEN $4 THEN NULL ELSE gpu END
        WHERE usage IN (SELECT id FROM usage WHERE job = $1::bigint AND node <> $5)`,
      [seq, hasCpu!, hasMemory!, hasGpu!, first_node, nowMs],
    );
    db.send('INSERT INTO usage (job, node) VALUES ($1, $2) ON CONFLICT (job, node) DO NOTHING', [
      seq,
      first_node,
    ]);
    db.send(
      `INSERT INTO latest (usage, time, cpu, memory, gpu)
         SELECT id, $3::bigint, $4::float8, $5::bigint, $6::float8 FROM usage WHERE job = $1::bigint AND node = $2
         ON CONFLICT (usage) DO UPDATE SET time = excluded.time, cpu = coalesce(excluded.cpu, latest.cpu),
           memory = coalesce(excluded.memory, latest.memory), gpu = coalesce(excluded.gpu, latest.gpu)`,
      [seq, first_node, nowMs, cpuUsage, memoryUsageMb, gpuUsage],
    );
  }

  return {
    async create(job: NewJob, nowMs: number): Promise<void> {
      if (await db.get('SELECT 1 FROM job WHERE id = $1', [job.id])) throw jobExists(job.id);
      await insert([{ ...job, ...lifeOfNew(nowMs) }]);
    },

    async createMany(jobs: readonly PastJob[]): Promise<BatchResult> {
      const refusals: Refusal[] = [];
      let refused = 0;
      let repeated = 0;
      const { fresh, known } = await sortOut(jobs);
      await insert(fresh);
      for (const index of known) {
        const job = jobs[index]!;
        if (isRepeat(job, await readJob(db, job.id))) repeated++;
        else if (++refused <= MAX_REFUSALS)
          refusals.push({ index, error: 'conflict', message: otherJobExists(job.id).message });
      }
      return { stored: jobs.length - repeated - refused, repeated, refused, refusals };
    },

    async update(id: string, patch: JobPatch, nowMs: number): Promise<Job> {
      const row = await find(id);
      const known = {
        life: lifeOf(row),
        hasNodes: row.first_node !== NO_NODE,
        detail: await findDetail(db, row.seq),
      };
      // Refuses before anything is written, because other writes share the transaction.
      const { life, detail, usage, event, tally } = planPatch(known, patch, nowMs);
      if (life) await rows.move(row.seq, life);
      if (detail) await rows.describe(row.seq, detail);
      if (event)
        events.write(id, (await hasPastRuns(db, id)) ? { ...event, owner: await findOwner(db, id) } : event);
      rows.tally(tally);
      if (usage) setUsageOf(row, usage, nowMs);
      return readJob(db, id);
    },

    async delete(id: string): Promise<void> {
      await rows.remove((await find(id)).seq);
    },
  };
}

const lifeOf = ({ state, started, start_time, end_time }: Row): JobLife => ({
  state: stateName(state),
  startTimeMs: start_time,
  hasStarted: started === 1,
  endTimeMs: end_time ?? undefined,
});
