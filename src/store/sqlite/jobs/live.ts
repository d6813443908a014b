import type { Database } from 'bun:sqlite';
import type { LiveSeries } from '../../../domain/store/live.ts';
import { RUNNING } from '../../rows/states.ts';
import { hasLiveMeasures, liveMeasureReader } from './live-measures.ts';

/** Rows of a page, which take a millisecond or two to read and render. */
const PAGE_ROWS = 250;
/** Those with further measures have ten times as many values and more. */
const MEASURED_PAGE_ROWS = 40;

/**
 * Reads the live series in one transaction, page by page: running jobs in order of start, then jobs that
 * ended since.
 */
export function* readLiveSeries(db: Database, endedSinceMs: number): Generator<LiveSeries[]> {
  const readPages = hasLiveMeasures(db) ? readMeasuredPages : readPlainPages;
  const running = `state = ${RUNNING} AND start_time >= ?`;
  yield* readPages(db, selectBy('job_by_state', 'start_time', running), Number.MIN_SAFE_INTEGER);
  yield* readPages(db, selectBy('job_by_end', 'end_time', 'end_time >= ?'), endedSinceMs);
}

/** Makes a statement of some columns and joins. */
type Statement = (columns?: string, joins?: string) => string;

/**
 * Reads along an index once: seeking the end of the last
 * page would pass all jobs with the same start time again.
 */
const selectBy =
  (index: string, key: 'start_time' | 'end_time', where: string): Statement =>
  (columns = '', joins = '') =>
    // The index is named and comes first, because SQLite may otherwise read and sort all jobs.
    `SELECT job.id AS jobId, user.name AS user, node.name AS node,
            (SELECT name FROM label WHERE id = detail.account) AS account,
            (SELECT name FROM label WHERE id = detail.partition) AS partition,
            job.start_time AS startTimeMs, job.end_time AS endTimeMs, job.suspended AS suspendedSeconds,
            latest.cpu AS cpuUsage, latest.memory AS memoryUsageMb, latest.gpu AS gpuUsage ${columns}
       FROM job INDEXED BY ${index} CROSS JOIN user ON user.id = job.user
       LEFT JOIN detail ON detail.job = job.seq
       LEFT JOIN usage ON usage.job = job.seq
       LEFT JOIN latest ON latest.usage = usage.id ${joins}
       CROSS JOIN node ON node.id = coalesce(usage.node, job.first_node)
      WHERE job.${where} ORDER BY job.${key}, job.seq`;

const readPlainPages = (db: Database, statement: Statement, fromMs: number): Generator<LiveSeries[]> =>
  inPages(db.query<LiveSeries, [number]>(statement()).iterate(fromMs), PAGE_ROWS);

function readMeasuredPages(db: Database, statement: Statement, fromMs: number): Generator<LiveSeries[]> {
  const readMeasures = liveMeasureReader(db);
  const select = db.query<LiveSeries & { seq: number; data: Uint8Array | null }, [number]>(
    statement(
      ', job.seq AS seq, latest_measures.data AS data',
      'LEFT JOIN latest_measures ON latest_measures.usage = usage.id',
    ),
  );
  function* rows(): Generator<LiveSeries> {
    for (const { seq, data, ...series } of select.iterate(fromMs)) {
      const measures = data === null ? undefined : readMeasures(seq, series.node, data);
      yield measures ? { ...series, measures } : series;
    }
  }
  return inPages(rows(), MEASURED_PAGE_ROWS);
}

function* inPages(rows: Iterable<LiveSeries>, pageRows: number): Generator<LiveSeries[]> {
  let page: LiveSeries[] = [];
  for (const row of rows) {
    page.push(row);
    if (page.length < pageRows) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
