import { cpuUsageOf, gpuUsageOf, memoryUsageMbOf } from '../documented-values.ts';
import { MAX_MEMORY_MB } from '../job.ts';
import type { Measured, MeasureName } from '../measure.ts';
import { MEASURES } from '../measure.ts';
import type { Sample } from '../sample.ts';
import type { Part } from './metric.ts';

// The sample that the values of one moment make.

/** Values that one moment has of a job on a node, or of a GPU. */
export type Parts = Readonly<Partial<Record<Part, number>>>;

/** What the job had used at an earlier moment. */
export interface CounterPoint {
  readonly timeMs: number;
  readonly cpuSeconds: number;
}

/** The largest believable value by unit; exporters show an unknown value, or no limit, as 2^63 or so. */
const LARGEST: Readonly<Record<string, number>> = {
  percent: 101,
  bytes: 2 ** 53,
  seconds: 1e12,
  count: 1e9,
  cpus: 1e6,
  watts: 1e5,
  celsius: 1000,
};

/** Returns a value in the unit of its part; undefined if nothing can measure it. */
export function believe(part: Part, value: number): number | undefined {
  const unit = MEASURES.get(part as MeasureName)?.unit ?? (part.endsWith('_percent') ? 'percent' : 'bytes');
  const largest = LARGEST[unit];
  if (largest === undefined || !(value >= 0 && value <= largest)) return undefined;
  // Where it is not known, cgroup_exporter has 0 CPUs.
  if (part === 'cpus_allocated' && value === 0) return undefined;
  return unit === 'percent' ? Math.min(100, value) : value;
}

/** Returns the anonymous memory; undefined if it is not known. */
function anonymousBytes(parts: Parts): number | undefined {
  const { memory_anonymous_bytes, memory_with_cache_bytes, memory_cache_bytes } = parts;
  if (memory_anonymous_bytes !== undefined) return memory_anonymous_bytes;
  if (memory_with_cache_bytes === undefined || memory_cache_bytes === undefined) return undefined;
  return Math.max(0, memory_with_cache_bytes - memory_cache_bytes);
}

/** Returns whether a sample can be made of the parts, once an earlier point of its counter is known. */
export const isWhole = (parts: Parts): boolean =>
  parts.cpu_seconds !== undefined &&
  parts.cpus_allocated !== undefined &&
  anonymousBytes(parts) !== undefined;

/**
 * Returns the sample of a whole moment and its further measures, with the meanings of the agent's: CPU in
 * percent of the allocation since `before`, memory without the cache of files, GPU as the mean of the GPUs.
 */
export function measureMoment(
  timeMs: number,
  parts: Parts,
  before: CounterPoint,
  gpus: readonly Measured[],
): { readonly sample: Sample; readonly measured: Measured } {
  const { memory_with_cache_bytes: _, gpu_memory_used_percent: __, ...measures } = parts;
  const anonymous = anonymousBytes(parts)!;
  const cpusUsed = (1000 * (parts.cpu_seconds! - before.cpuSeconds)) / (timeMs - before.timeMs);
  const memoryMb = memoryUsageMbOf(anonymous, parts.memory_shared_bytes);
  const utilizations = gpus.flatMap(({ gpu_utilization_percent }) => gpu_utilization_percent ?? []);
  return {
    sample: {
      timeMs,
      cpuUsage: cpuUsageOf(cpusUsed, parts.cpus_allocated!),
      memoryUsageMb: Math.min(MAX_MEMORY_MB, memoryMb),
      ...gpuUsageOf(utilizations),
    },
    measured: { ...measures, memory_anonymous_bytes: anonymous, cpus_used: cpusUsed },
  };
}

/** Returns the measures of a GPU. */
export function measureGpu({ gpu_memory_used_percent: percent, ...measures }: Parts): Measured {
  const { gpu_memory_used_bytes: used, gpu_memory_total_bytes: total } = measures;
  if (percent === undefined || total === undefined || used !== undefined) return measures as Measured;
  return { ...measures, gpu_memory_used_bytes: (total * percent) / 100 } as Measured;
}
