import type { Database } from 'bun:sqlite';
import { AppError, jobNotFound, quote } from '../../domain/errors.ts';
import { applySample, type NewSample, type Sample, type Usage } from '../../domain/sample.ts';
import type { BatchResult, JobSample, LiveSeries, Refusal, TimeRange } from '../../domain/store.ts';

interface UsageRow extends Usage {
  readonly job: number;
  readonly node: number;
  readonly lastSample: number;
  readonly samples: number;
}

const USAGE_COLUMNS = `job, node, time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage,
  last_sample AS lastSample, samples`;

/** Writes samples inside the transaction of the group. */
export function sampleWriter(db: Database) {
  // One statement finds all there is to know of a job and node that has reported before. Subqueries, because a join
  // costs five times as much to start as these rows cost to find.
  const selectFirstNode = db.query<UsageRow, [string]>(
    `SELECT ${USAGE_COLUMNS} FROM usage WHERE (job, node) = (SELECT seq, first_node FROM job WHERE id = ?)`,
  );
  const selectNamedNode = db.query<UsageRow, [string, string]>(
    `SELECT ${USAGE_COLUMNS} FROM usage
      WHERE job = (SELECT seq FROM job WHERE id = ?) AND node = (SELECT id FROM node WHERE name = ?)`,
  );
  const selectJob = db.query<{ seq: number; first_node: number }, [string]>(
    'SELECT seq, first_node FROM job WHERE id = ?',
  );
  const selectNode = db.query<{ node: number }, [number, string]>(
    'SELECT node FROM job_node WHERE job = ? AND node = (SELECT id FROM node WHERE name = ?)',
  );
  const insertSample = db.query(
    'INSERT INTO sample (job, node, previous, time, cpu, memory, gpu) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const replaceUsage = db.query(
    `INSERT INTO usage (job, node, time, cpu, memory, gpu, last_sample, samples) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
       ON CONFLICT DO UPDATE SET time = ?3, cpu = ?4, memory = ?5, gpu = ?6, last_sample = ?7, samples = ?8`,
  );

  /** The job and node of a first sample; the errors of `recordSample` when they do not exist. */
  function findTarget(jobId: string, name: string | undefined): { job: number; node: number } {
    const job = selectJob.get(jobId);
    if (!job) throw jobNotFound(jobId);
    const node = name === undefined ? job.first_node : selectNode.get(job.seq, name)?.node;
    if (node !== undefined) return { job: job.seq, node };
    throw new AppError('validation_error', `node ${quote(name!)} is not one of the nodes of the job.`);
  }

  function record(jobId: string, sample: NewSample): void {
    const { node: name, timeMs, cpuUsage, memoryUsageMb, gpuUsage = null } = sample;
    const known =
      (name === undefined ? selectFirstNode.get(jobId) : selectNamedNode.get(jobId, name)) ?? undefined;
    const { job, node } = known ?? findTarget(jobId, name);
    const previous = known?.lastSample ?? 0;
    const { lastInsertRowid } = insertSample.run(
      job,
      node,
      previous,
      timeMs,
      cpuUsage,
      memoryUsageMb,
      gpuUsage,
    );
    const usage = applySample(known, sample);
    replaceUsage.run(
      job,
      node,
      usage.timeMs,
      usage.cpuUsage,
      usage.memoryUsageMb,
      usage.gpuUsage,
      lastInsertRowid,
      (known?.samples ?? 0) + 1,
    );
  }

  return {
    record,

    recordMany(samples: readonly JobSample[]): BatchResult {
      const refused: Refusal[] = [];
      samples.forEach(({ jobId, ...sample }, index) => {
        try {
          record(jobId, sample);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          refused.push({ index, error: error.code as Refusal['error'], message: error.message });
        }
      });
      return { stored: samples.length - refused.length, refused };
    },
  };
}

/** Reads samples through one connection. */
export function sampleReader(db: Database) {
  const selectJob = db.query<{ seq: number }, [string]>('SELECT seq FROM job WHERE id = ?');
  const countAll = db.query<{ total: number }, [number]>(
    'SELECT coalesce(sum(samples), 0) AS total FROM usage WHERE job = ?',
  );
  // Follows the chains of all nodes of the job from their newest arrival to their oldest.
  const chain = `WITH RECURSIVE chain (seq, previous, time, cpu, memory, gpu) AS (
      SELECT sample.seq, previous, sample.time, sample.cpu, sample.memory, sample.gpu
        FROM usage JOIN sample ON sample.seq = usage.last_sample WHERE usage.job = ?1
       UNION ALL
      SELECT sample.seq, sample.previous, sample.time, sample.cpu, sample.memory, sample.gpu
        FROM chain JOIN sample ON sample.seq = chain.previous)`;
  const selectRange = db.query<
    { timeMs: number; cpuUsage: number; memoryUsageMb: number; gpuUsage: number | null },
    number[]
  >(
    `${chain} SELECT time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage FROM chain
      WHERE time BETWEEN ?2 AND ?3 ORDER BY time DESC, seq DESC LIMIT ?4`,
  );
  const countRange = db.query<{ total: number }, number[]>(
    `${chain} SELECT count(*) AS total FROM chain WHERE time BETWEEN ?2 AND ?3`,
  );

  return {
    list(jobId: string, range: TimeRange, limit: number): { samples: Sample[]; total: number } {
      const job = selectJob.get(jobId);
      if (!job) throw jobNotFound(jobId);
      const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER } = range;
      const isWhole = range.fromMs === undefined && range.toMs === undefined;
      const rows = selectRange.all(job.seq, fromMs, toMs, limit).reverse();
      const total = isWhole ? countAll.get(job.seq)!.total : countRange.get(job.seq, fromMs, toMs)!.total;
      return {
        samples: rows.map(({ gpuUsage, ...sample }) => ({
          ...sample,
          ...(gpuUsage !== null && { gpuUsage }),
        })),
        total,
      };
    },
  };
}

/** Jobs a page of `liveSeries`: reading one takes a few milliseconds. */
const LIVE_PAGE_JOBS = 500;

/** Reads the live series on a connection of their own, whose transaction holds one moment while pages are fetched. */
export function* readLiveSeries(db: Database, endedSinceMs: number): Generator<LiveSeries[]> {
  db.run('BEGIN');
  try {
    const jobs = db
      .query<{ seq: number }, [number]>(
        'SELECT seq FROM job WHERE state = 1 UNION ALL SELECT seq FROM job WHERE end_time >= ? ORDER BY seq',
      )
      .values(endedSinceMs)
      .flat();
    const page = db.query<LiveSeries, [string]>(
      `SELECT job.id, user.name, node.name, job.start_time, job.end_time, usage.cpu, usage.memory, usage.gpu
         FROM json_each(?) AS wanted
         JOIN job ON job.seq = wanted.value
         JOIN user ON user.id = job.user
         LEFT JOIN usage ON usage.job = job.seq
         JOIN node ON node.id = coalesce(usage.node, job.first_node)`,
    );
    for (let start = 0; start < jobs.length; start += LIVE_PAGE_JOBS) {
      const rows = page.values(JSON.stringify(jobs.slice(start, start + LIVE_PAGE_JOBS)));
      yield rows.map(
        ([jobId, user, node, startTimeMs, endTimeMs, cpuUsage, memoryUsageMb, gpuUsage]) =>
          ({ jobId, user, node, startTimeMs, endTimeMs, cpuUsage, memoryUsageMb, gpuUsage }) as LiveSeries,
      );
    }
  } finally {
    db.run('COMMIT');
  }
}
