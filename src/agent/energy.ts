import type { GpuReading } from './reading.ts';

/** Nobody knows the power between two readings that lie further apart. */
const LONGEST_SPAN_MS = 60_000;

interface JobEnergy {
  joules: number;
  /** Last known power by UUID. */
  readonly last: Map<string, { readonly ms: number; readonly watts: number }>;
}

export interface GpuEnergy {
  /**
   * Returns joules by job, for jobs whose GPUs say their power, and forgets jobs that are neither in `gpus`
   * nor in `others`. `nowMs` is of a monotonic clock.
   */
  add(
    gpus: ReadonlyMap<string, readonly GpuReading[]>,
    others: ReadonlySet<string>,
    nowMs: number,
  ): ReadonlyMap<string, number>;
}

/**
 * Adds up power over time, by the mean of both ends of a span. Time for which the power is unknown, also
 * that of a shared GPU, counts nothing, so that the sum is at most too small.
 */
export function createGpuEnergy(): GpuEnergy {
  const jobs = new Map<string, JobEnergy>();
  return {
    add(gpus, others, nowMs) {
      for (const key of jobs.keys()) if (!gpus.has(key) && !others.has(key)) jobs.delete(key);
      for (const [key, held] of gpus) addJob(jobs, key, held, nowMs);
      return new Map([...jobs].map(([key, { joules }]) => [key, joules]));
    },
  };
}

function addJob(jobs: Map<string, JobEnergy>, key: string, gpus: readonly GpuReading[], nowMs: number): void {
  const known = gpus.flatMap(({ uuid, values: { gpu_power_watts: watts } }) =>
    watts === undefined ? [] : [{ uuid, watts }],
  );
  const job = jobs.get(key) ?? { joules: 0, last: new Map() };
  if (known.length > 0) jobs.set(key, job);
  for (const { uuid, watts } of known) {
    const before = job.last.get(uuid);
    const spanMs = before === undefined ? 0 : nowMs - before.ms;
    if (before !== undefined && spanMs <= LONGEST_SPAN_MS)
      job.joules += (((before.watts + watts) / 2) * spanMs) / 1000;
  }
  job.last.clear();
  for (const { uuid, watts } of known) job.last.set(uuid, { ms: nowMs, watts });
}
