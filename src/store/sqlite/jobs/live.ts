import type { Database } from 'bun:sqlite';
import type { LiveSeries } from '../../../domain/store/live.ts';
import { RUNNING } from './states.ts';

/** Rows of a page, which take a millisecond or two to read and render. */
const PAGE_ROWS = 250;

/**
 * Reads the live series in one transaction, page by page: running jobs in order of start, then jobs that
 * ended since.
 */
export function* readLiveSeries(db: Database, endedSinceMs: number): Generator<LiveSeries[]> {
  yield* readPages(
    db,
    'job_by_state',
    'start_time',
    `state = ${RUNNING} AND start_time >= ?`,
    Number.MIN_SAFE_INTEGER,
  );
  yield* readPages(db, 'job_by_end', 'end_time', 'end_time >= ?', endedSinceMs);
}

/**
 * Reads along an index once: seeking the end of the last
 * page would pass all jobs with the same start time again.
 */
function* readPages(
  db: Database,
  index: string,
  key: 'start_time' | 'end_time',
  where: string,
  fromMs: number,
): Generator<LiveSeries[]> {
  const select = db.query<LiveSeries, [number]>(
    // The index is named and comes first, because SQLite may otherwise read and sort all jobs.
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
