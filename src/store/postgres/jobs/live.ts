import type { Allocation } from '../../../domain/detail.ts';
import type { LiveMeasures } from '../../../domain/live-measures.ts';
import type { LiveSeries } from '../../../domain/store/live.ts';
import { unpackLiveValues } from '../../chunk/live-values.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import { RUNNING } from '../../rows/states.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';

/** Rows of a page, which take a millisecond or two to read and render. */
const PAGE_ROWS = 500;

/** What a scheduler says of a job. */
interface Given {
  readonly job: number;
  readonly timeLimit: number | null;
  readonly gpus: number | null;
  readonly allocations: string | null;
  readonly nodes: number;
}

type Row = LiveSeries & { seq: number; data: Uint8Array | null };

/**
 * Reads the live series from one snapshot, page by page: running jobs in order of start, then jobs that ended
 * since.
 */
export async function* readLiveSeries(db: Queries, endedSinceMs: number): AsyncGenerator<LiveSeries[], void> {
  yield* readPart(db, `job.state = ${RUNNING}`, 'start_time', []);
  yield* readPart(db, 'job.end_time >= $1::bigint', 'end_time', [endedSinceMs]);
}

async function* readPart(
  db: Queries,
  where: string,
  key: 'start_time' | 'end_time',
  values: number[],
): AsyncGenerator<LiveSeries[], void> {
  const pages = inPages<Row>(
    db,
    `SELECT job.id AS "jobId", user_name.name AS user, node_name.name AS node,
            (SELECT name FROM label WHERE id = detail.account) AS account,
            (SELECT name FROM label WHERE id = detail.partition) AS partition, job.start_time AS "startTimeMs",
            job.end_time AS "endTimeMs", job.suspended AS "suspendedSeconds",
            latest.cpu AS "cpuUsage", latest.memory AS "memoryUsageMb", latest.gpu AS "gpuUsage",
            job.seq, latest_measures.data
       FROM job JOIN user_name ON user_name.id = job.user
       LEFT JOIN detail ON detail.job = job.seq
       LEFT JOIN usage ON usage.job = job.seq
       LEFT JOIN latest ON latest.usage = usage.id
       LEFT JOIN latest_measures ON latest_measures.usage = usage.id
       JOIN node_name ON node_name.id = coalesce(usage.node, job.first_node)
      WHERE ${where} ORDER BY job.${key}, job.seq`,
    values,
    PAGE_ROWS,
  );
  for await (const rows of pages) {
    const given = await readGiven(
      db,
      rows.filter(({ data }) => data !== null).map(({ seq }) => seq),
    );
    if (rows.length > 0) yield rows.map((row) => seriesOf(row, given));
  }
}

async function readGiven(db: Queries, jobs: readonly number[]): Promise<Map<number, Given>> {
  if (jobs.length === 0) return new Map();
  const rows = await db.all<Given>(
    `SELECT job, time_limit AS "timeLimit", gpus, allocations,
            (SELECT count(*) FROM (SELECT 1 FROM job_node WHERE job_node.job = detail.job LIMIT 2) AS few) AS nodes
       FROM detail WHERE job = ANY($1::bigint[])`,
    [[...new Set(jobs)]],
  );
  return new Map(rows.map((row) => [row.job, row]));
}

function seriesOf({ seq, data, ...series }: Row, given: ReadonlyMap<number, Given>): LiveSeries {
  const values = data === null ? undefined : unpackIfWhole(data, unpackLiveValues);
  if (!values) return series;
  const job = given.get(seq);
  const timeLimitSeconds = job?.timeLimit ?? undefined;
  const gpusAllocated = gpusOn(series.node, job);
  const measures: LiveMeasures = {
    values,
    ...(timeLimitSeconds !== undefined && { timeLimitSeconds }),
    ...(gpusAllocated !== undefined && { gpusAllocated }),
  };
  return { ...series, measures };
}

/** The GPUs of a node: as its Prolog said, or all of the job if that is none or has one node. */
function gpusOn(node: string, given: Given | undefined): number | undefined {
  const allocations = given?.allocations ? (JSON.parse(given.allocations) as Allocation[]) : [];
  const ids = allocations.find((allocation) => allocation.node === node)?.gpuIds;
  if (ids) return ids.length;
  return given && (given.gpus === 0 || given.nodes === 1) ? (given.gpus ?? undefined) : undefined;
}
