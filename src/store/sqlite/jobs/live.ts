import type { Database } from 'bun:sqlite';
import type { LiveSeries } from '../../../domain/store/live.ts';

/** Rows of a page: reading and writing them takes a millisecond or two. */
const PAGE_ROWS = 250;

/**
 * Reads the live series inside one transaction, a page at a time: of the running jobs in the order of their starts, then of
 * those that have ended since.
 */
export function* readLiveSeries(db: Database, endedSinceMs: number): Generator<LiveSeries[]> {
  yield* readPages(
    db,
    'job_by_state',
    'start_time',
    'state = 1 AND start_time >= ?',
    Number.MIN_SAFE_INTEGER,
  );
  yield* readPages(db, 'job_by_end', 'end_time', 'end_time >= ?', endedSinceMs);
}

/** Walks along an index once. A page that began by looking for the end of the last would pass all jobs with one start time again. */
function* readPages(
  db: Database,
  index: string,
  key: 'start_time' | 'end_time',
  where: string,
  fromMs: number,
): Generator<LiveSeries[]> {
  const select = db.query<LiveSeries, [number]>(
    // The index is named and goes first: sorting would otherwise tempt SQLite to read all jobs that ever were.
    `SELECT job.id AS jobId, user.name AS user, node.name AS node, job.start_time AS startTimeMs,
            job.end_time AS endTimeMs, job.suspended AS suspendedSeconds,
            latest.cpu AS cpuUsage, latest.memory AS memoryUsageMb, latest.gpu AS gpuUsage
       FROM job INDEXED BY ${index} CROSS JOIN user ON user.id = job.user
       LEFT JOIN usage ON usage.job = job.seq
       LEFT JOIN latest ON latest.usage = usage.id
       CROSS JOIN node ON node.id = coalesce(usage.node, job.first_node)
      WHERE job.${where} ORDER BY job.${key}, job.seq`,
  );
  let page: LiveSeries[] = [];
  for (const row of select.iterate(fromMs)) {
    page.push(row);
    if (page.length < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
