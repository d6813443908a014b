import type { Database } from 'bun:sqlite';
import type { LiveSeries } from '../../domain/store.ts';

/** Jobs a page of `liveSeries`: reading one takes a millisecond or two. */
const LIVE_PAGE_JOBS = 250;

type LiveRow = [seq: number, key: number, ...series: (string | number | null)[]];

/**
 * Reads the live series inside one transaction, a page at a time: of the running jobs in the order of their starts, then of
 * those that have ended since.
 */
export function* readLiveSeries(db: Database, endedSinceMs: number): Generator<LiveSeries[]> {
  yield* readPages(db, 'job_by_state', 'start_time', 'state = 1 AND', Number.MIN_SAFE_INTEGER);
  yield* readPages(db, 'job_by_end', 'end_time', '', endedSinceMs);
}

/** Walks along an index from one key on; each page begins behind the last job of the one before. */
function* readPages(
  db: Database,
  index: string,
  key: 'start_time' | 'end_time',
  where: string,
  fromMs: number,
): Generator<LiveSeries[]> {
  const page = db.query<LiveRow, [number, number, number]>(
    // The index is named: sorting would otherwise tempt SQLite to read all jobs that ever were.
    `WITH wanted AS MATERIALIZED (
       SELECT seq, ${key} AS key FROM job INDEXED BY ${index}
        WHERE ${where} ${key} >= ?1 AND (${key} > ?1 OR seq > ?2) ORDER BY ${key}, seq LIMIT ?3)
     SELECT job.seq, wanted.key, job.id, user.name, node.name, job.start_time, job.end_time, job.suspended,
            usage.cpu, usage.memory, usage.gpu
       FROM wanted CROSS JOIN job ON job.seq = wanted.seq
       JOIN user ON user.id = job.user
       LEFT JOIN usage ON usage.job = job.seq
       JOIN node ON node.id = coalesce(usage.node, job.first_node)`,
  );
  let after: [key: number, seq: number] = [fromMs, 0];
  for (;;) {
    const rows = page.values(...after, LIVE_PAGE_JOBS) as LiveRow[];
    const last = rows.at(-1);
    if (!last) return;
    after = [last[1], last[0]];
    yield rows.map(
      ([
        ,
        ,
        jobId,
        user,
        node,
        startTimeMs,
        endTimeMs,
        suspendedSeconds,
        cpuUsage,
        memoryUsageMb,
        gpuUsage,
      ]) =>
        ({
          jobId,
          user,
          node,
          startTimeMs,
          endTimeMs,
          suspendedSeconds,
          cpuUsage,
          memoryUsageMb,
          gpuUsage,
        }) as LiveSeries,
    );
  }
}
