import type { Measured } from '../domain/measure.ts';
import type { Sample } from '../domain/sample.ts';
import { measureJob } from './behaviour.ts';
import { gpuUuid, QUARTERS } from './cluster.ts';
import { type DemoJob, memoryLimitMb, runsOf } from './life.ts';
import { createRandom, hashText } from './random.ts';

const MINUTE_MS = 60_000;
const MB = 2 ** 20;
const GB = 2 ** 30;
/** Jobs read their input for this long, and write what they have at these distances. */
const INPUT_MS = 4 * MINUTE_MS;
const CHECKPOINT_MS = 30 * MINUTE_MS;
const CORE_WATTS = { idle: 1, busy: 3.5 };

/** What an agent would measure of a job on one of its nodes. */
export interface Metered {
  readonly job: DemoJob;
  readonly node: string;
  readonly sample: Sample;
  readonly measured: Measured;
  /** By UUID. */
  readonly gpus: ReadonlyMap<string, Measured>;
}

/** What grows from the start of a run on. */
interface Counters {
  cpuSeconds: number;
  readBytes: number;
  writtenBytes: number;
  gpuJoules: number;
  gpuIdleSeconds: number;
  peakBytes: number;
}

/** Counters of a run on a node, up to a whole number of steps after its start. */
interface Known {
  steps: number;
  readonly counters: Counters;
}

/**
 * Measures jobs as an agent does. Counters are added up in steps, of a minute by default, so that they are
 * the same after a restart; those of runs that go on are kept.
 */
export function createMeter(stepMs = MINUTE_MS) {
  let known = new Map<string, Known>();

  function countersAt(
    job: DemoJob,
    nodeIndex: number,
    { startTimeMs, timeMs, usedBytes }: { startTimeMs: number; timeMs: number; usedBytes: number },
  ): Counters {
    const key = `${job.id} ${nodeIndex} ${startTimeMs}`;
    const entry = known.get(key) ?? { steps: 0, counters: noCounters() };
    known.set(key, entry);
    const addStep = (counters: Counters, lengthMs: number) =>
      addUsage(counters, job, nodeIndex, {
        atMs: startTimeMs + (entry.steps + 0.5) * stepMs,
        ageMs: entry.steps * stepMs,
        lengthMs,
      });
    for (; (entry.steps + 1) * stepMs <= timeMs - startTimeMs; entry.steps++) addStep(entry.counters, stepMs);
    const counters = { ...entry.counters };
    addStep(counters, timeMs - startTimeMs - entry.steps * stepMs);
    keepPeak(counters, job, usedBytes);
    entry.counters.peakBytes = counters.peakBytes;
    return counters;
  }

  return {
    /** Returns what is measured of a job that runs at a time, on one of its nodes. */
    measure(job: DemoJob, nodeIndex: number, timeMs: number): Metered {
      const run = runsOf(job).findLast(({ startTimeMs }) => startTimeMs <= timeMs)!;
      const values = measureJob(job, nodeIndex, timeMs);
      const counters = countersAt(job, nodeIndex, {
        startTimeMs: run.startTimeMs,
        timeMs,
        usedBytes: values.memoryUsageMb * MB,
      });
      const node = job.nodes[nodeIndex]!;
      const seconds = (timeMs - run.startTimeMs) / 1000;
      const isKilled = run.verdict.rawState === 'OUT_OF_MEMORY' && run.endTimeMs - timeMs < MINUTE_MS;
      return {
        job,
        node,
        sample: { timeMs, ...values },
        measured: {
          ...measureCpus(job, values, counters, seconds),
          ...measureMemory(job, values, counters, isKilled),
          ...(job.gpuPlaces.length > 0 && measureEnergy(job, counters, seconds)),
        },
        gpus: new Map(
          job.gpuPlaces.map((place) => [
            gpuUuid(node, place),
            measureGpu(job, node, place, values.gpuUsage ?? 0),
          ]),
        ),
      };
    },

    /** Forgets all runs but these. */
    keepOnly(jobs: readonly DemoJob[]): void {
      const ids = new Set(jobs.map(({ id }) => id));
      known = new Map([...known].filter(([key]) => ids.has(key.slice(0, key.indexOf(' ')))));
    },
  };
}

const noCounters = (): Counters => ({
  cpuSeconds: 0,
  readBytes: 0,
  writtenBytes: 0,
  gpuJoules: 0,
  gpuIdleSeconds: 0,
  peakBytes: 0,
});

/** The cores of a job on each of its nodes. */
const coresOf = ({ partition, quarters }: DemoJob): number => (partition.cores * quarters) / QUARTERS;

interface Step {
  /** Its middle, whose values count for all of it, so that counters never fall. */
  readonly atMs: number;
  /** Of the run, when it begins. */
  readonly ageMs: number;
  readonly lengthMs: number;
}

function addUsage(
  counters: Counters,
  job: DemoJob,
  nodeIndex: number,
  { atMs, ageMs, lengthMs }: Step,
): void {
  const seconds = lengthMs / 1000;
  const { cpuUsage, memoryUsageMb, gpuUsage = 0 } = measureJob(job, nodeIndex, atMs);
  const gpus = job.gpuPlaces.length;
  const isReading = ageMs < INPUT_MS || (gpus > 0 && gpuUsage < 20 && cpuUsage > 50);
  const isWriting = (ageMs + MINUTE_MS) % CHECKPOINT_MS < MINUTE_MS;
  counters.cpuSeconds += (seconds * coresOf(job) * cpuUsage) / 100;
  counters.readBytes += seconds * MB * (isReading ? 220 : 1.5);
  counters.writtenBytes += seconds * MB * (isWriting ? 160 : 0.4);
  counters.gpuJoules += seconds * gpus * wattsAt(job, gpuUsage);
  counters.gpuIdleSeconds += seconds * gpus * (1 - Math.min(1, gpuUsage / 3));
  keepPeak(counters, job, memoryUsageMb * MB);
}

/** The cache of files takes what is left of the limit, up to what was read. */
const cacheOf = (job: DemoJob, { readBytes, writtenBytes }: Counters, usedBytes: number): number =>
  Math.round(Math.min(readBytes + writtenBytes, 0.8 * (memoryLimitMb(job) * MB - usedBytes)));

function keepPeak(counters: Counters, job: DemoJob, usedBytes: number): void {
  counters.peakBytes = Math.max(counters.peakBytes, usedBytes + cacheOf(job, counters, usedBytes));
}

function measureCpus(
  job: DemoJob,
  { cpuUsage }: Pick<Sample, 'cpuUsage'>,
  { cpuSeconds, readBytes, writtenBytes }: Counters,
  seconds: number,
): Measured {
  const cores = coresOf(job);
  return {
    cpu_seconds: round(cpuSeconds),
    cpu_user_seconds: round(0.93 * cpuSeconds),
    cpu_system_seconds: round(0.07 * cpuSeconds),
    cpus_used: round((cores * cpuUsage) / 100),
    cpus_allocated: cores,
    cpu_pressure_seconds: round(0.002 * cpuSeconds),
    io_pressure_seconds: round((readBytes + writtenBytes) / (40 * GB)),
    io_read_bytes: Math.round(readBytes),
    io_written_bytes: Math.round(writtenBytes),
    cpu_energy_joules: round(CORE_WATTS.busy * cpuSeconds),
    cpu_idle_energy_joules: round(CORE_WATTS.idle * cores * seconds),
    cpu_power_seconds: round(seconds),
    processes: 2 + job.gpuPlaces.length,
    threads: Math.round(cores * 1.5) + 4,
  };
}

function measureMemory(
  job: DemoJob,
  { memoryUsageMb }: Pick<Sample, 'memoryUsageMb'>,
  counters: Counters,
  isKilled: boolean,
): Measured {
  const limit = memoryLimitMb(job) * MB;
  const used = memoryUsageMb * MB;
  const shared = Math.round(0.03 * used);
  const cache = cacheOf(job, counters, used);
  return {
    memory_anonymous_bytes: used - shared,
    memory_shared_bytes: shared,
    memory_cache_bytes: cache,
    memory_current_bytes: used + cache,
    memory_peak_bytes: counters.peakBytes,
    memory_limit_bytes: limit,
    memory_oom_kills: Number(isKilled),
  };
}

const measureEnergy = (job: DemoJob, { gpuJoules, gpuIdleSeconds }: Counters, seconds: number): Measured => ({
  gpu_energy_joules: round(gpuJoules),
  gpu_power_seconds: round(seconds * job.gpuPlaces.length),
  gpu_held_seconds: round(seconds * job.gpuPlaces.length),
  gpu_idle_seconds: round(gpuIdleSeconds),
});

/** GPUs of one job differ a little, and some cards run hotter than others. */
function measureGpu(job: DemoJob, node: string, place: number, gpuUsage: number): Measured {
  const card = createRandom(hashText(`${node} ${place}`))();
  const usage = gpuUsage === 0 ? 0 : Math.min(100, gpuUsage * (0.96 + 0.06 * card));
  const watts = wattsAt(job, usage);
  const memory = job.partition.gpu!.memoryBytes;
  const temperature = Math.round(31 + 8 * card + (46 * watts) / job.partition.gpu!.fullWatts);
  return {
    gpu_utilization_percent: round(usage),
    gpu_memory_used_bytes: Math.round(memory * (gpuUsage < 1 ? 0.006 : 0.35 + 0.5 * card)),
    gpu_memory_total_bytes: memory,
    gpu_power_watts: round(watts),
    gpu_temperature_celsius: temperature,
    gpu_throttled: Number(temperature > 83),
    gpu_throttled_by_heat: Number(temperature > 83),
    gpu_throttled_by_power: 0,
  };
}

function wattsAt({ partition: { gpu } }: DemoJob, usage: number): number {
  if (!gpu) return 0;
  return gpu.idleWatts + (gpu.fullWatts - gpu.idleWatts) * 0.9 * (usage / 100) ** 0.8;
}

const round = (value: number): number => Math.round(value * 100) / 100;

export type Meter = ReturnType<typeof createMeter>;
