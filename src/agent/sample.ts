import type { SentGpu } from '../api/measured.ts';
import type { SentRow } from '../api/sample-row.ts';
import { MAX_SAMPLE_GPUS } from '../domain/batch-measures.ts';
import { cpuUsageOf, gpuUsageOf, memoryUsageMbOf } from '../domain/documented-values.ts';
import { MEASURES, type Measure, type Measured, type MeasureName } from '../domain/measure.ts';
import type { JobReading } from './reading.ts';

/**
 * Returns the sample of a reading, with all that was measured; undefined without CPU or memory. CPU is
 * percent of the CPUs that the job was given on this node, at most 100. Memory is what only the job can give
 * back: anonymous and shared memory, without the cache of files. GPU is the mean of the GPUs that were read.
 */
export function sampleOf({ key, timeMs, values, gpus }: JobReading, node: string): SentRow | undefined {
  const { memory_anonymous_bytes, memory_shared_bytes } = values;
  const cpuUsage = readCpuUsage(values);
  if (cpuUsage === undefined || memory_anonymous_bytes === undefined) return undefined;
  const sent = gpusOf(gpus);
  const utilizations = gpus.flatMap(({ values }) => values.gpu_utilization_percent ?? []);
  return {
    ...key,
    node,
    timeMs,
    cpuUsage,
    memoryUsageMb: memoryUsageMbOf(memory_anonymous_bytes, memory_shared_bytes),
    ...gpuUsageOf(utilizations),
    measures: roundAll(values),
    ...(sent.length > 0 && { gpus: sent }),
  };
}

/** Decimals that are finer than anything is measured, and pack well. Bytes and counts are whole numbers. */
const DECIMALS: Record<Measure['unit'], number> = {
  percent: 2,
  bytes: 0,
  seconds: 3,
  count: 0,
  cpus: 3,
  watts: 2,
  celsius: 1,
  joules: 1,
};

function roundAll(values: Measured): Measured {
  const entries = Object.entries(values) as [MeasureName, number][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Number(value.toFixed(DECIMALS[MEASURES.get(name)!.unit]))]),
  );
}

/** Returns the GPUs that something was read of. */
function gpusOf(readings: JobReading['gpus']): SentGpu[] {
  const read = readings.filter(({ values }) => Object.keys(values).length > 0).slice(0, MAX_SAMPLE_GPUS);
  return read.map(({ uuid, values }) => ({ gpu: uuid, values: roundAll(values) }));
}

/**
 * Where a job runs nothing on the node, as a rank that hangs elsewhere leaves it, no process says how many
 * CPUs it was given; then half a percent of one CPU, for Slurm's own step, is 0 percent of any number of
 * them.
 */
function readCpuUsage({ cpus_used, cpus_allocated, processes }: JobReading['values']): number | undefined {
  if (cpus_used === undefined) return undefined;
  if (cpus_allocated) return cpuUsageOf(cpus_used, cpus_allocated);
  return processes === 0 && cpus_used < 0.005 ? 0 : undefined;
}
