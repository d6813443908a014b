import type { NodeNow, OwnedJob } from '../nodes/node-now.ts';
import type { RunningJob } from '../running-job.ts';

/** How much of something there is, is given to running jobs, and is in use by them. */
export interface Amount {
  /** Of the nodes that the scheduler or their agents tell of; absent if there is none. */
  readonly total?: number;
  readonly allocated: number;
  /** Of jobs that are measured; absent if none is. */
  readonly used?: number;
}

/** The nodes of the cluster that the scheduler or their agents report. */
export interface NodeCounts {
  readonly total: number;
  /** Nodes of running jobs. */
  readonly withJobs: number;
  /** By the scheduler's word; absent where it does not tell. */
  readonly up?: number;
  readonly drained?: number;
  readonly down?: number;
}

export interface Amounts {
  readonly cpus: Amount;
  readonly memoryMb: Amount;
  readonly gpus: Amount;
  readonly nodes: NodeCounts;
  /** Power of all GPUs that report it, in watts; absent if none does. */
  readonly gpuPowerWatts?: number;
}

interface Sum {
  allocated: number;
  used: number | undefined;
  total: number | undefined;
}

const add = (sum: number | undefined, value: number | undefined): number | undefined =>
  value === undefined ? sum : (sum ?? 0) + value;

const amountOf = ({ total, allocated, used }: Sum): Amount => ({
  ...(total !== undefined && { total }),
  allocated: round(allocated),
  ...(used !== undefined && { used: round(used) }),
});

const round = (value: number): number => Number(value.toFixed(1));

/**
 * Adds up what a cluster has, gives and uses, from its running jobs and its nodes; `isShown` lets through the
 * jobs that count.
 */
export function amountCollector(isShown: (job: OwnedJob) => boolean = () => true) {
  const [cpus, memoryMb, gpus] = [0, 0, 0].map(
    (allocated): Sum => ({ allocated, used: undefined, total: undefined }),
  ) as [Sum, Sum, Sum];
  const nodes = { total: 0, withJobs: 0 };
  const conditions = { up: 0, drained: 0, down: 0 };
  let isTold = false;
  let watts: number | undefined;

  function addUsage(job: RunningJob): void {
    if (job.usageTimeMs === undefined) return;
    memoryMb.used = add(memoryMb.used, job.memoryUsageMb);
    if (job.cpus !== undefined) cpus.used = add(cpus.used, (job.cpus * job.cpuUsage) / 100);
    if (job.gpus !== undefined && job.gpuUsage !== undefined)
      gpus.used = add(gpus.used, (job.gpus * job.gpuUsage) / 100);
  }

  return {
    addRunning(job: RunningJob): void {
      cpus.allocated += job.cpus ?? 0;
      memoryMb.allocated += job.memoryLimitMb ?? 0;
      gpus.allocated += job.gpus ?? 0;
      addUsage(job);
    },

    addNode(node: NodeNow): void {
      nodes.total++;
      if (node.jobs.some(isShown)) nodes.withJobs++;
      if (node.scheduler) {
        isTold = true;
        conditions[node.scheduler.condition]++;
      }
      cpus.total = add(cpus.total, node.cpus.total);
      memoryMb.total = add(memoryMb.total, node.memoryMb.total);
      gpus.total = add(gpus.total, node.gpus.total);
      watts = add(watts, node.agent?.gpuPowerWatts);
    },

    amounts: (): Amounts => ({
      cpus: amountOf(cpus),
      memoryMb: amountOf(memoryMb),
      gpus: amountOf(gpus),
      nodes: { ...nodes, ...(isTold && conditions) },
      ...(watts !== undefined && { gpuPowerWatts: round(watts) }),
    }),
  };
}
