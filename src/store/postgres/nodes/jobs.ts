import type { NodeJob } from '../../../domain/nodes/node-job.ts';
import { type NodeJobRow, nodeJobOf, type WholeJob, wholeJobOf } from '../../rows/node-job.ts';
import { RUNNING } from '../../rows/states.ts';
import { findName } from '../sql/names.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';

const PAGE_ROWS = 500;

interface Whole {
  readonly job: number;
  readonly nodes: number;
  readonly allocations: string | null;
}

const label = (column: string) => `(SELECT name FROM label WHERE id = detail.${column})`;

const select = (measures: string, join: string, where: string, order: string) => `
  SELECT job.seq, job.id AS "jobId", (SELECT name FROM user_name WHERE id = job.user) AS user,
         ${label('account')} AS account, ${label('partition')} AS partition, detail.name,
         node_name.name AS node, job.start_time AS "startTimeMs",
         detail.cpus, detail.memory_limit AS "memoryMb", detail.gpus,
         latest.time AS "usageTimeMs", latest.cpu AS "cpuUsage", latest.memory AS "memoryUsageMb",
         latest.gpu AS "gpuUsage", ${measures} AS measures
    FROM job_node JOIN job ON job.seq = job_node.job JOIN node_name ON node_name.id = job_node.node
    LEFT JOIN detail ON detail.job = job.seq
    LEFT JOIN usage ON usage.job = job.seq AND usage.node = job_node.node
    LEFT JOIN latest ON latest.usage = usage.id ${join}
   WHERE ${where} ORDER BY ${order}`;

const ALL = select('NULL::bytea', '', `job.state = ${RUNNING}`, 'job.start_time, job.seq');
const OF_NODE = select(
  'latest_measures.data',
  'LEFT JOIN latest_measures ON latest_measures.usage = usage.id',
  `job_node.state = ${RUNNING} AND job_node.node = $1`,
  'job_node.start_time, job.seq',
);

/** Reads what running jobs have of their nodes, in pages: of all nodes job by job, or of one node. */
export async function* readNodeJobs(db: Queries, name?: string): AsyncGenerator<NodeJob[], void> {
  const node = name === undefined ? undefined : await findName(db, 'node_name', name);
  if (name !== undefined && node === undefined) return;
  const pages =
    node === undefined
      ? inPages<NodeJobRow>(db, ALL, [], PAGE_ROWS)
      : inPages<NodeJobRow>(db, OF_NODE, [node], PAGE_ROWS);
  for await (const rows of pages) {
    if (rows.length === 0) continue;
    const wholes = await readWholes(db, [...new Set(rows.map(({ seq }) => seq))]);
    yield rows.map((row) => nodeJobOf(row, wholes.get(row.seq)!));
  }
}

/** Reads what all rows of a job share. */
async function readWholes(db: Queries, jobs: readonly number[]) {
  const rows = await db.all<Whole>(
    `SELECT wanted.job, (SELECT count(*) FROM job_node WHERE job_node.job = wanted.job) AS nodes, detail.allocations
       FROM unnest($1::bigint[]) AS wanted (job) LEFT JOIN detail ON detail.job = wanted.job`,
    [jobs],
  );
  return new Map(
    rows.map(({ job, nodes, allocations }): [number, WholeJob] => [job, wholeJobOf(nodes, allocations)]),
  );
}
