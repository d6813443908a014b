import type { SentRow } from '../api/sample-batch.ts';
import type { JobReading } from './reading.ts';

const MB = 1024 * 1024;

/**
 * Returns the documented sample of a reading; undefined if its CPU or memory was not measured. CPU is percent
 * of the CPUs that the job was given on this node, at most 100. Memory is what only the job can give back:
 * anonymous and shared memory, without the cache of files. GPU is the mean of the GPUs that could be read.
 */
export function sampleOf({ key, timeMs, values, gpus }: JobReading, node: string): SentRow | undefined {
  const { cpus_used, cpus_allocated, memory_anonymous_bytes, memory_shared_bytes = 0 } = values;
  if (cpus_used === undefined || !cpus_allocated || memory_anonymous_bytes === undefined) return undefined;
  const utilizations = gpus.flatMap(({ values }) => values.gpu_utilization_percent ?? []);
  const gpuUsage = utilizations.reduce((sum, one) => sum + one, 0) / utilizations.length;
  return {
    ...key,
    node,
    timeMs,
    cpuUsage: round(Math.min(100, (100 * cpus_used) / cpus_allocated)),
    memoryUsageMb: Math.ceil((memory_anonymous_bytes + memory_shared_bytes) / MB),
    ...(utilizations.length > 0 && { gpuUsage: round(gpuUsage) }),
  };
}

/** A hundredth of a percent is finer than any of them is measured, and packs well. */
const round = (percent: number): number => Math.round(percent * 100) / 100;
