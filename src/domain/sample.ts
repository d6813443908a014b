import { AppError, quote } from './errors.ts';

export const hasNoNodes = () => new AppError('validation_error', 'The job has no nodes yet.');

export const MAX_BATCH_SAMPLES = 100_000;

export const notANode = (name: string) =>
  new AppError('validation_error', `node ${quote(name)} is not one of the nodes of the job.`);

/**
 * One measurement of a job on a node. hpc-observe stores what the sender measured and does not rescale it.
 */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** 0 to 100, stored as sent. Meant as percent of the CPUs that the job was given on the node. */
  readonly cpuUsage: number;
  /** MB of 2^20 bytes that the job uses on the node. */
  readonly memoryUsageMb: number;
  /** 0 to 100, meant as the mean of the GPUs of the job on the node; absent if it was not measured. */
  readonly gpuUsage?: number;
}

/** A sample to be stored. */
export interface NewSample extends Sample {
  /** The job's first node if omitted. */
  readonly node?: string;
  /**
   * The time is the server's own clock: the sample becomes the current usage even if that clock went back.
   */
  readonly stamped: boolean;
}

/**
 * The current usage of a job on one node, in the units of `Sample`. A value that was not measured is null.
 */
export interface Usage {
  readonly timeMs: number;
  readonly cpuUsage: number | null;
  readonly memoryUsageMb: number | null;
  readonly gpuUsage: number | null;
}

/**
 * Returns the usage of a node after a sample. A newer sample replaces CPU and memory, and GPU if it has one;
 * an older one (a back-fill) changes nothing.
 */
export function applySample(known: Usage | undefined, sample: NewSample): Usage {
  if (known && !sample.stamped && sample.timeMs < known.timeMs) return known;
  return {
    timeMs: sample.timeMs,
    cpuUsage: sample.cpuUsage,
    memoryUsageMb: sample.memoryUsageMb,
    gpuUsage: sample.gpuUsage ?? known?.gpuUsage ?? null,
  };
}

/**
 * Returns the usage of a whole job: the mean CPU and GPU of the nodes that reported them, and the sum of
 * their memory. GPU and `usageTimeMs`, the time of the newest usage, are absent until they are measured; CPU
 * and memory are 0 until then, because the API always shows them.
 */
export function combineUsage(nodes: readonly Usage[]): {
  cpuUsage: number;
  memoryUsageMb: number;
  gpuUsage?: number;
  usageTimeMs?: number;
} {
  const gpuUsage = mean(nodes.map((usage) => usage.gpuUsage));
  const usageTimeMs = newestTime(nodes);
  return {
    cpuUsage: mean(nodes.map((usage) => usage.cpuUsage)) ?? 0,
    memoryUsageMb: nodes.reduce((sum, usage) => sum + (usage.memoryUsageMb ?? 0), 0),
    ...(gpuUsage !== undefined && { gpuUsage }),
    ...(usageTimeMs !== undefined && { usageTimeMs }),
  };
}

/** Returns the time of the newest usage that has a value; undefined if none has. */
function newestTime(nodes: readonly Usage[]): number | undefined {
  let newestMs: number | undefined;
  for (const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } of nodes) {
    const isMeasured = cpuUsage !== null || memoryUsageMb !== null || gpuUsage !== null;
    if (isMeasured && (newestMs === undefined || timeMs > newestMs)) newestMs = timeMs;
  }
  return newestMs;
}

/** Returns the mean of the known values. Six decimals hide the rounding of binary fractions. */
function mean(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return known[0];
  return Number((known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(6));
}
