import { isSilent, type ReceivedReport } from '../node-report.ts';
import type { RunningJob } from '../running-job.ts';

/** How much of something there is, is given to running jobs, and is in use by them. */
export interface Amount {
  /** Of the nodes whose agents report; absent if none does. */
  readonly total?: number;
  readonly allocated: number;
  /** Of jobs that are measured; absent if none is. */
  readonly used?: number;
}

/** Nodes by what their agents say. */
export interface NodeCounts {
  readonly reporting: number;
  readonly silent: number;
  /** Nodes of running jobs whose nodes are known. */
  readonly withJobs: number;
}

export interface Amounts {
  readonly cpus: Amount;
  readonly memoryMb: Amount;
  readonly gpus: Amount;
  readonly nodes: NodeCounts;
  /** Power of all GPUs that report it, in watts; absent if none does. */
  readonly gpuPowerWatts?: number;
}

const MB = 1024 * 1024;

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

/** Adds up what a cluster has, gives and uses, from its running jobs and the reports of its nodes. */
export function amountCollector(nowMs: number) {
  const [cpus, memoryMb, gpus] = [0, 0, 0].map(
    (allocated): Sum => ({ allocated, used: undefined, total: undefined }),
  ) as [Sum, Sum, Sum];
  const busy = new Set<string>();
  let reporting = 0;
  let silent = 0;
  let watts: number | undefined;

  function addUsage(job: RunningJob): void {
    const { cpus: jobCpus, gpus: jobGpus } = job;
    if (job.usageTimeMs === undefined) return;
    memoryMb.used = add(memoryMb.used, job.memoryUsageMb);
    if (jobCpus !== undefined) cpus.used = add(cpus.used, (jobCpus * job.cpuUsage) / 100);
    if (jobGpus !== undefined && job.gpuUsage !== undefined)
      gpus.used = add(gpus.used, (jobGpus * job.gpuUsage) / 100);
  }

  return {
    addRunning(job: RunningJob): void {
      cpus.allocated += job.cpus ?? 0;
      memoryMb.allocated += job.memoryLimitMb ?? 0;
      gpus.allocated += job.gpus ?? 0;
      addUsage(job);
    },

    /** Adds a node of running jobs. */
    addBusy(node: string): void {
      busy.add(node);
    },

    addReport(received: ReceivedReport): void {
      if (isSilent(received, nowMs)) {
        silent++;
        return;
      }
      reporting++;
      const { values, gpus: devices } = received.report;
      cpus.total = add(cpus.total, values.cpus);
      memoryMb.total = add(memoryMb.total, values.memoryBytes && values.memoryBytes / MB);
      gpus.total = add(gpus.total, devices.length);
      for (const { powerWatts } of devices) watts = add(watts, powerWatts);
    },

    amounts: (): Amounts => ({
      cpus: amountOf(cpus),
      memoryMb: amountOf(memoryMb),
      gpus: amountOf(gpus),
      nodes: { reporting, silent, withJobs: busy.size },
      ...(watts !== undefined && { gpuPowerWatts: round(watts) }),
    }),
  };
}
