import type { Database } from 'bun:sqlite';
import type { LiveSeries } from '../../domain/store.ts';

/** Jobs a page of `liveSeries`: reading one takes a few milliseconds. */
const LIVE_PAGE_JOBS = 500;

/** Reads the live series inside one transaction, a page at a time. */
export function* readLiveSeries(db: Database, endedSinceMs: number): Generator<LiveSeries[]> {
  const jobs = db
    .query<{ seq: number }, [number]>(
      // The indexes are named: sorting by seq would otherwise tempt SQLite to read all jobs that ever were.
      `SELECT seq FROM job INDEXED BY job_by_state WHERE state = 1
        UNION ALL SELECT seq FROM job INDEXED BY job_by_end WHERE end_time >= ? ORDER BY seq`,
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
}
