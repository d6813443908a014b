import type { Database } from 'bun:sqlite';
import type { NodeJob } from '../../../domain/nodes/node-job.ts';
import { type NodeJobRow, nodeJobOf, type WholeJob, wholeJobOf } from '../../rows/node-job.ts';
import { RUNNING } from '../../rows/states.ts';
import { nameFinder } from '../sql/names.ts';

/** Rows of a page, which take a millisecond or two to read. */
const PAGE_ROWS = 250;

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
    .query<NodeJobRow, []>(
      `SELECT ${COLUMNS}, NULL AS measures FROM job INDEXED BY job_by_state
        CROSS JOIN job_node ON job_node.job = job.seq ${JOINS}
        WHERE job.state = ${RUNNING} ORDER BY job.start_time, job.seq`,
    )
    .iterate();

const rowsOf = (db: Database, node: number) =>
  db
    .query<NodeJobRow, [number]>(
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
function jobCompleter(db: Database): (row: NodeJobRow) => NodeJob {
  const select = db.query<{ nodes: number; allocations: string | null }, [number]>(
    `SELECT (SELECT count(*) FROM job_node WHERE job = ?1) AS nodes,
            (SELECT allocations FROM detail WHERE job = ?1) AS allocations`,
  );
  let last: { readonly seq: number; readonly whole: WholeJob } | undefined;
  return (row) => {
    if (last?.seq !== row.seq) {
      const { nodes, allocations } = select.get(row.seq)!;
      last = { seq: row.seq, whole: wholeJobOf(nodes, allocations) };
    }
    return nodeJobOf(row, last.whole);
  };
}
