import type { SentRow } from '../api/sample-row.ts';
import type { JobReading } from './reading.ts';

const MB = 1024 * 1024;

/**
 * Returns the documented sample of a reading; undefined if its CPU or memory was not measured. CPU is percent
 * of the CPUs that the job was given on this node, at most 100. Memory is what only the job can give back:
 * anonymous and shared memory, without the cache of files. GPU is the mean of the GPUs that could be read.
 */
export function sampleOf({ key, timeMs, values, gpus }: JobReading, node: string): SentRow | undefined {
  const { memory_anonymous_bytes, memory_shared_bytes = 0 } = values;
  const cpuUsage = cpuUsageOf(values);
  if (cpuUsage === undefined || memory_anonymous_bytes === undefined) return undefined;
  const utilizations = gpus.flatMap(({ values }) => values.gpu_utilization_percent ?? []);
  const gpuUsage = utilizations.reduce((sum, one) => sum + one, 0) / utilizations.length;
  return {
    ...key,
    node,
    timeMs,
    cpuUsage,
    memoryUsageMb: Math.ceil((memory_anonymous_bytes + memory_shared_bytes) / MB),
    ...(utilizations.length > 0 && { gpuUsage: round(gpuUsage) }),
  };
}

/**
 * Where a job runs nothing on the node, as a rank that hangs elsewhere leaves it, no process says how many
 * CPUs it was given; then half a percent of one CPU, for Slurm's own step, is 0 percent of any number of
 * them.
 */
function cpuUsageOf({ cpus_used, cpus_allocated, processes }: JobReading['values']): number | undefined {
  if (cpus_used === undefined) return undefined;
  if (cpus_allocated) return round(Math.min(100, (100 * cpus_used) / cpus_allocated));
  return processes === 0 && cpus_used < 0.005 ? 0 : undefined;
}

/** A hundredth of a percent is finer than any of them is measured, and packs well. */
const round = (percent: number): number => Math.round(percent * 100) / 100;
