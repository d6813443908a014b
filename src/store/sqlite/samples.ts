import type { Database } from 'bun:sqlite';
import { AppError, jobNotFound, quote } from '../../domain/errors.ts';
import { applySample, type NewSample, type Sample, type Usage } from '../../domain/sample.ts';
import type { BatchResult, JobSample, LiveSeries, Refusal, TimeRange } from '../../domain/store.ts';

interface UsageRow extends Usage {
  readonly lastSample: number;
  readonly samples: number;
}

/** Writes samples inside the transaction of the group. */
export function sampleWriter(db: Database) {
  const selectJob = db.query<{ seq: number; first_node: number }, [string]>(
    'SELECT seq, first_node FROM job WHERE id = ?',
  );
  const selectNode = db.query<{ node: number }, [string, number]>(
    'SELECT job_node.node FROM node JOIN job_node ON job_node.node = node.id WHERE node.name = ? AND job_node.job = ?',
  );
  const selectUsage = db.query<UsageRow, [number, number]>(
    `SELECT time AS timeMs, cpu AS cpuUsage, memory AS memoryUsageMb, gpu AS gpuUsage, last_sample AS lastSample, samples
       FROM usage WHERE job = ? AND node = ?`,
  );
  const insertSample = db.query(
    'INSERT INTO sample (job, node, previous, time, cpu, memory, gpu) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const replaceUsage = db.query(
    `INSERT INTO usage (job, node, time, cpu, memory, gpu, last_sample, samples) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
       ON CONFLICT DO UPDATE SET time = ?3, cpu = ?4, memory = ?5, gpu = ?6, last_sample = ?7, samples = ?8`,
  );

  function record(jobId: string, sample: NewSample): void {
    const job = selectJob.get(jobId);
    if (!job) throw jobNotFound(jobId);
    const node = sample.node === undefined ? job.first_node : selectNode.get(sample.node, job.seq)?.node;
    if (node === undefined) {
      throw new AppError(
        'validation_error',
        `node ${quote(sample.node!)} is not one of the nodes of the job.`,
      );
    }
    const known = selectUsage.get(job.seq, node) ?? undefined;
    const { timeMs, cpuUsage, memoryUsageMb, gpuUsage = null } = sample;
    const inserted = insertSample.run(
      job.seq,
      node,
      known?.lastSample ?? 0,
      timeMs,
      cpuUsage,
      memoryUsageMb,
      gpuUsage,
    );
    const usage = applySample(known, sample);
    replaceUsage.run(
      job.seq,
      node,
      usage.timeMs,
      usage.cpuUsage,
      usage.memoryUsageMb,
      usage.gpuUsage,
      inserted.lastInsertRowid,
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
