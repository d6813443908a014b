import type { Run } from '../../../domain/run.ts';
import {
  type FoundEnd,
  type JobEnd,
  MAX_NODES,
  NONE,
  type NodeSamples,
  readAllocations,
  readJobEnd,
  readPastEnd,
} from '../../rows/ended-run.ts';
import { FIRST_ENDED } from '../../rows/states.ts';
import { readTotals } from '../../rows/totals.ts';
import { readSealed } from '../samples/totals.ts';
import type { NameNumberers } from '../sql/names.ts';
import type { Queries } from '../sql/queries.ts';

/** Returns a run by the number of its samples if it has ended; undefined also if there is no such run. */
export async function findEnd(db: Queries, names: NameNumberers, seq: number): Promise<FoundEnd | undefined> {
  const job = await db.get<JobEnd>(
    `SELECT job.user, coalesce(detail.account, ${NONE}) AS account, coalesce(detail.partition, ${NONE}) AS partition,
            job.state, CASE WHEN job.started = 1 THEN job.start_time END AS start, job.end_time AS end,
            (SELECT count(*) FROM job_node WHERE job = job.seq) AS nodes, raw_state AS "rawState",
            submit_time AS submitted, detail.suspended, cpus, gpus, memory_limit AS memory, energy, allocations
       FROM job LEFT JOIN detail ON detail.job = job.seq WHERE job.seq = $1::bigint AND job.state >= ${FIRST_ENDED}`,
    [seq],
  );
  if (job) {
    const nodes = job.nodes > MAX_NODES ? [] : await readNodes(db, seq);
    await names.learnNodes((readAllocations(job.allocations) ?? []).map(({ node }) => node));
    return readJobEnd(job, names, () => nodes);
  }
  const past = await db.get<{ run: string }>('SELECT run FROM past_run WHERE seq = $1::bigint', [seq]);
  if (!past) return undefined;
  const { user, account, partition, nodes = [], allocations = [] } = JSON.parse(past.run) as Run;
  if (user !== undefined) await names.learnUsers([user]);
  await names.learnLabels([account, partition].filter((name) => name !== undefined));
  await names.learnNodes([...nodes, ...allocations.map(({ node }) => node)]);
  return readPastEnd(past.run, names);
}

async function readNodes(db: Queries, seq: number): Promise<number[]> {
  const rows = await db.all<{ node: number }>('SELECT node FROM job_node WHERE job = $1::bigint', [seq]);
  return rows.map(({ node }) => node);
}

/** Reads the sealed samples of a run, a row for each series. */
export async function readMeasuredNodes(db: Queries, seq: number): Promise<NodeSamples[]> {
  const rows = await readSealed(db, seq, MAX_NODES);
  return rows.map(({ data, ...totals }) => ({ ...totals, measures: readTotals(data) ?? [] }));
}
