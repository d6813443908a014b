import { defined } from '../../../domain/defined.ts';
import type { Allocation } from '../../../domain/detail.ts';
import { type NodeJob, partOn } from '../../../domain/nodes/node-job.ts';
import { unpackLiveValues } from '../../chunk/live-values.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import { RUNNING } from '../../rows/states.ts';
import { findName } from '../sql/names.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';

const PAGE_ROWS = 500;

interface Row {
  readonly seq: number;
  readonly jobId: string;
  readonly user: string;
  readonly account: string | null;
  readonly name: string | null;
  readonly partition: string | null;
  readonly node: string;
  readonly startTimeMs: number;
  readonly cpus: number | null;
  readonly memoryMb: number | null;
  readonly gpus: number | null;
  readonly usageTimeMs: number | null;
  readonly cpuUsage: number | null;
  readonly memoryUsageMb: number | null;
  readonly gpuUsage: number | null;
  /** Null where it is not wanted, too. */
  readonly measures: Uint8Array | null;
}

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
    node === undefined ? inPages<Row>(db, ALL, [], PAGE_ROWS) : inPages<Row>(db, OF_NODE, [node], PAGE_ROWS);
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
    rows.map(({ job, nodes, allocations }) => {
      const read = allocations ? (JSON.parse(allocations) as Allocation[]) : [];
      return [job, { nodes, allocations: new Map(read.map((one) => [one.node, one])) }];
    }),
  );
}

const nodeJobOf = (
  row: Row,
  { nodes, allocations }: { nodes: number; allocations: ReadonlyMap<string, Allocation> },
): NodeJob =>
  defined<NodeJob>({
    jobId: row.jobId,
    user: row.user,
    account: row.account ?? undefined,
    name: row.name ?? undefined,
    partition: row.partition ?? undefined,
    node: row.node,
    nodes,
    startTimeMs: row.startTimeMs,
    ...partOn(row, nodes, allocations.get(row.node)),
    measuredGpus: gpusIn(row.measures),
    usageTimeMs: row.usageTimeMs ?? undefined,
    cpuUsage: row.cpuUsage ?? undefined,
    memoryUsageMb: row.memoryUsageMb ?? undefined,
    gpuUsage: row.gpuUsage ?? undefined,
  });

/** The UUIDs of the GPUs that a sample has values of; undefined if there are none. */
function gpusIn(measures: Uint8Array | null): readonly string[] | undefined {
  const values = measures === null ? undefined : unpackIfWhole(measures, unpackLiveValues);
  const gpus = new Set((values ?? []).map(({ gpu }) => gpu));
  gpus.delete('');
  return gpus.size > 0 ? [...gpus] : undefined;
}
