import { defined } from '../defined.ts';
import type { Allocation } from '../detail.ts';
import type { Job } from '../job.ts';

/** What a running job has of one of its nodes, and uses there. What is unknown is absent. */
export interface NodeJob {
  readonly jobId: string;
  readonly user: string;
  readonly account?: string;
  readonly name?: string;
  readonly partition?: string;
  readonly node: string;
  /** How many nodes the job has. */
  readonly nodes: number;
  readonly startTimeMs: number;
  readonly cpus?: number;
  /** MB of 2^20 bytes. */
  readonly memoryMb?: number;
  readonly gpus?: number;
  /** As the scheduler names them: indexes or UUIDs. */
  readonly gpuIds?: readonly string[];
  /** UUIDs of the GPUs that its newest sample measured; read for single nodes only. */
  readonly measuredGpus?: readonly string[];
  /** When the usage was measured; absent if it never was. */
  readonly usageTimeMs?: number;
  /** 0 to 100, as in `Sample`. */
  readonly cpuUsage?: number;
  readonly memoryUsageMb?: number;
  /** 0 to 100, as in `Sample`. */
  readonly gpuUsage?: number;
}

/** What a job has in all; each of its nodes has a part. */
interface JobTotals {
  readonly cpus?: number | null | undefined;
  readonly memoryMb?: number | null | undefined;
  readonly gpus?: number | null | undefined;
}

/**
 * Returns what a job of so many nodes has of one of them: what its Prolog said there, and else an equal part,
 * because schedulers tell only the sum.
 */
export function partOn(
  totals: JobTotals,
  nodes: number,
  given: Allocation | undefined,
): Pick<NodeJob, 'cpus' | 'memoryMb' | 'gpus' | 'gpuIds'> {
  const part = (total: number | null | undefined) => (typeof total === 'number' ? total / nodes : undefined);
  return defined({
    cpus: given?.cpus ?? part(totals.cpus),
    memoryMb: given?.memoryMb ?? part(totals.memoryMb),
    gpus: given?.gpuIds?.length ?? part(totals.gpus),
    gpuIds: given?.gpuIds,
  });
}

/** Returns what a job has, or had, of one of its nodes. */
export const partOfJob = ({ nodes, details = {} }: Job, node: string): ReturnType<typeof partOn> =>
  partOn(
    { cpus: details.cpus, memoryMb: details.memoryLimitMb, gpus: details.gpus },
    nodes.length,
    details.allocations?.find((given) => given.node === node),
  );
