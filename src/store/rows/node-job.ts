import { defined } from '../../domain/defined.ts';
import type { Allocation } from '../../domain/detail.ts';
import { type NodeJob, partOn } from '../../domain/nodes/node-job.ts';
import { unpackLiveValues } from '../chunk/live-values.ts';
import { unpackIfWhole } from '../chunk/whole.ts';

/** What engines read of a running job on one of its nodes. */
export interface NodeJobRow {
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

/** What all rows of a job share. */
export interface WholeJob {
  readonly nodes: number;
  /** By node. */
  readonly allocations: ReadonlyMap<string, Allocation>;
}

/** Makes what rows of a job share of the number of its nodes and its stored allocations. */
export function wholeJobOf(nodes: number, allocations: string | null): WholeJob {
  const read = allocations ? (JSON.parse(allocations) as Allocation[]) : [];
  return { nodes, allocations: new Map(read.map((one) => [one.node, one])) };
}

/** Makes a job on a node of its row. */
export const nodeJobOf = (row: NodeJobRow, { nodes, allocations }: WholeJob): NodeJob =>
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
