import {
  type FoundSeries,
  type Series,
  type SeriesName,
  type SeriesRow,
  seriesOf,
} from '../../rows/series.ts';
import type { Queries } from '../sql/queries.ts';

interface Row {
  readonly place: number;
  readonly isFirst: boolean | null;
  readonly latestStartMs: number | null;
  readonly job: number;
  readonly node: number | null;
  readonly id: number | null;
  readonly timeMs: number | null;
  readonly cpuUsage: number | null;
  readonly memoryUsageMb: number | null;
  readonly gpuUsage: number | null;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

const COLUMNS = `usage.id, latest.time AS "timeMs", latest.cpu AS "cpuUsage", latest.memory AS "memoryUsageMb",
  latest.gpu AS "gpuUsage", usage.oldest AS "oldestMs", latest.newest AS "newestMs"`;

const tupleOf = (row: Omit<Row, 'node' | 'place' | 'isFirst' | 'latestStartMs'>, node: number): SeriesRow => [
  row.job,
  node,
  row.id,
  row.timeMs,
  row.cpuUsage,
  row.memoryUsageMb,
  row.gpuUsage,
  row.oldestMs,
  row.newestMs,
];

/** Finds series in the latest run of their job. Returns nothing for jobs that do not exist. */
export async function findSeries(db: Queries, names: readonly SeriesName[]): Promise<FoundSeries[]> {
  const rows = await db.all<Row>(
    `SELECT wanted.place, job_node.node = job.first_node AS "isFirst",
            CASE WHEN EXISTS (SELECT 1 FROM past_run WHERE past_run.job = job.id AND past_run.seq > 0)
                 THEN CASE WHEN job.started = 1 THEN job.start_time::float8 ELSE 'Infinity' END END AS "latestStartMs",
            job.seq AS job, job_node.node, ${COLUMNS}
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (job, node, place)
       JOIN job ON job.id = wanted.job
       LEFT JOIN node_name ON node_name.name = wanted.node
       LEFT JOIN job_node ON job_node.job = job.seq
             AND job_node.node = CASE WHEN wanted.node IS NULL THEN job.first_node ELSE node_name.id END
       LEFT JOIN usage ON usage.job = job.seq AND usage.node = job_node.node
       LEFT JOIN latest ON latest.usage = usage.id`,
    [names.map(({ jobId }) => jobId), names.map(({ node = null }) => node)],
  );
  return rows.map(({ place, isFirst, latestStartMs, node, ...row }) => ({
    name: names[place - 1]!,
    row: node === null ? undefined : tupleOf(row, node),
    isFirst: isFirst === true,
    latestStartMs: latestStartMs ?? undefined,
  }));
}

/** Reads a series of any run by the run's `seq` and a node. */
export async function readSeries(db: Queries, run: number, node: number): Promise<Series> {
  const row = await db.get<Row>(
    `SELECT ${COLUMNS} FROM (SELECT 1) AS one LEFT JOIN usage ON job = $1::bigint AND node = $2
       LEFT JOIN latest ON latest.usage = usage.id`,
    [run, node],
  );
  return seriesOf(tupleOf({ ...row!, job: run }, node));
}
