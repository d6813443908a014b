import type { Database } from 'bun:sqlite';
import { defined } from '../../../domain/defined.ts';
import type { Allocation } from '../../../domain/detail.ts';
import { type NodeJob, partOn } from '../../../domain/nodes/node-job.ts';
import { unpackLiveValues } from '../../chunk/live-values.ts';
import { unpackIfWhole } from '../../chunk/whole.ts';
import { RUNNING } from '../../rows/states.ts';
import { nameFinder } from '../sql/names.ts';

/** Rows of a page, which take a millisecond or two to read. */
const PAGE_ROWS = 250;

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

const label = (column: string) => `(SELECT name FROM label WHERE id = detail.${column})`;

const COLUMNS = `job.seq, job.id AS jobId, (SELECT name FROM user WHERE id = job.user) AS user,
  ${label('account')} AS account, ${label('partition')} AS partition, detail.name,
  node.name AS node, job.start_time AS startTimeMs,
  detail.cpus, detail.memory_limit AS memoryMb, detail.gpus,
  latest.time AS usageTimeMs, latest.cpu AS cpuUsage, latest.memory AS memoryUsageMb, latest.gpu AS gpuUsage`;

const JOINS = `JOIN node ON node.id = job_node.node
  LEFT JOIN detail ON detail.job = job.seq
  LEFT JOIN usage ON usage.job = job.seq AND usage.node = job_node.node
  LEFT JOIN latest ON latest.usage = usage.id`;

/** Reads what running jobs have of their nodes, in pages: of all nodes job by job, or of one node. */
export function* readNodeJobs(db: Database, name?: string): Generator<NodeJob[]> {
  const node = name === undefined ? undefined : nameFinder(db, 'node')(name);
  if (name !== undefined && node === undefined) return;
  const complete = jobCompleter(db);
  let page: NodeJob[] = [];
  for (const row of node === undefined ? rowsOfAll(db) : rowsOf(db, node)) {
    page.push(complete(row));
    if (page.length < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** The indexes are named, because SQLite may otherwise read all jobs. */
const rowsOfAll = (db: Database) =>
  db
    .query<Row, []>(
      `SELECT ${COLUMNS}, NULL AS measures FROM job INDEXED BY job_by_state
        CROSS JOIN job_node ON job_node.job = job.seq ${JOINS}
        WHERE job.state = ${RUNNING} ORDER BY job.start_time, job.seq`,
    )
    .iterate();

const rowsOf = (db: Database, node: number) =>
  db
    .query<Row, [number]>(
      `SELECT ${COLUMNS}, latest_measures.data AS measures FROM job_node INDEXED BY job_node_by_state
        CROSS JOIN job ON job.seq = job_node.job ${JOINS}
        LEFT JOIN latest_measures ON latest_measures.usage = usage.id
        WHERE job_node.state = ${RUNNING} AND job_node.node = ? ORDER BY job_node.start_time`,
    )
    .iterate(node);

/**
 * Returns a function that makes a job of a row. What all rows of a job share is read once, because they come
 * one after the other: what Prologs said of a job of 1,000 nodes is long.
 */
function jobCompleter(db: Database): (row: Row) => NodeJob {
  const select = db.query<{ nodes: number; allocations: string | null }, [number]>(
    `SELECT (SELECT count(*) FROM job_node WHERE job = ?1) AS nodes,
            (SELECT allocations FROM detail WHERE job = ?1) AS allocations`,
  );
  let lastSeq: number | undefined;
  let nodes = 1;
  let allocations: ReadonlyMap<string, Allocation> = new Map();

  function readJob(seq: number): void {
    if (seq === lastSeq) return;
    lastSeq = seq;
    const whole = select.get(seq)!;
    nodes = whole.nodes;
    const read = whole.allocations ? (JSON.parse(whole.allocations) as Allocation[]) : [];
    allocations = new Map(read.map((one) => [one.node, one]));
  }

  return ({ seq, ...row }) => {
    readJob(seq);
    return defined<NodeJob>({
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
  };
}

/** The UUIDs of the GPUs that a sample has values of; undefined if there are none. */
function gpusIn(measures: Uint8Array | null): readonly string[] | undefined {
  const values = measures === null ? undefined : unpackIfWhole(measures, unpackLiveValues);
  const gpus = new Set((values ?? []).map(({ gpu }) => gpu));
  gpus.delete('');
  return gpus.size > 0 ? [...gpus] : undefined;
}
