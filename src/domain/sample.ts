import { AppError, quote } from './errors.ts';

export const hasNoNodes = () => new AppError('validation_error', 'The job has no nodes yet.');

export const MAX_BATCH_SAMPLES = 100_000;

export const notANode = (name: string) =>
  new AppError('validation_error', `node ${quote(name)} is not one of the nodes of the job.`);

/** One measurement of a job on a node. */
export interface Sample {
  readonly timeMs: number;
  readonly cpuUsage: number;
  readonly memoryUsageMb: number;
  readonly gpuUsage?: number;
}

/** A sample on its way to the store. */
export interface NewSample extends Sample {
  /** Left out: the job's first node. */
  readonly node?: string;
  /** The time is the server's own, so this sample is the newest whatever the clock said before. */
  readonly stamped: boolean;
}

/** What is known now of a job on one node; a value nobody measured is null. */
export interface Usage {
  readonly timeMs: number;
  readonly cpuUsage: number | null;
  readonly memoryUsageMb: number | null;
  readonly gpuUsage: number | null;
}

/**
 * The usage of a node after a sample: a newer one replaces CPU and memory, and GPU where it has it; one that is older
 * than what is known (a back-fill) changes nothing.
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
 * The usage of a whole job from its reporting nodes: CPU and GPU are means in percent over the nodes that know them,
 * memory is the sum. With one reporting node it is that node's last sample. GPU is absent while no node knows it.
 * `usageTimeMs` is the time of the newest usage known: it is absent until somebody measured the job, while CPU and memory
 * are 0 because the API reference gives them so.
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

/** When the newest of these was measured; undefined when none has a value. */
function newestTime(nodes: readonly Usage[]): number | undefined {
  let newestMs: number | undefined;
  for (const { timeMs, cpuUsage, memoryUsageMb, gpuUsage } of nodes) {
    const isMeasured = cpuUsage !== null || memoryUsageMb !== null || gpuUsage !== null;
    if (isMeasured && (newestMs === undefined || timeMs > newestMs)) newestMs = timeMs;
  }
  return newestMs;
}

/** The mean of what is known; of several values to six decimals, which hides the rounding of binary fractions. */
function mean(values: readonly (number | null)[]): number | undefined {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return known[0];
  return Number((known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(6));
}
