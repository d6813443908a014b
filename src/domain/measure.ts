// What is measured of a job on a node beside the three documented values. One table, from which the wire, the
// store, the documentation, /metrics and plots derive.

/** One thing that is measured. */
export interface Measure {
  /** Its name on the wire and in the store: letters, digits and underscores, with its unit. */
  readonly name: string;
  readonly unit: 'percent' | 'bytes' | 'seconds' | 'count' | 'cpus' | 'watts' | 'celsius' | 'joules';
  /** A counter grows from the start of the run on; a gauge is the value at the time of the sample. */
  readonly kind: 'gauge' | 'counter';
  /** Whether it is measured of the job on the node, or of each GPU that the job holds there. */
  readonly of: 'job' | 'gpu';
  /** How the values of the nodes (or GPUs) of a job are one value. */
  readonly combine: 'sum' | 'mean' | 'max';
  /** One sentence without a full stop, for the documentation and the HELP lines of /metrics. */
  readonly help: string;
}

type Row = Omit<Measure, 'name'>;

const counter = (unit: Row['unit'], help: string): Row => ({
  unit,
  kind: 'counter',
  of: 'job',
  combine: 'sum',
  help,
});
const gauge = (unit: Row['unit'], help: string, combine: Row['combine'] = 'sum'): Row => ({
  unit,
  kind: 'gauge',
  of: 'job',
  combine,
  help,
});
const ofGpu = (unit: Row['unit'], combine: Row['combine'], help: string): Row => ({
  unit,
  kind: 'gauge',
  of: 'gpu',
  combine,
  help,
});

const ROWS = {
  cpu_seconds: counter('seconds', 'CPU time that the job used on the node'),
  cpu_user_seconds: counter('seconds', 'CPU time in user mode'),
  cpu_system_seconds: counter('seconds', 'CPU time in the kernel'),
  cpu_throttled_seconds: counter('seconds', 'Time for which the job was held back at its CPU limit'),
  cpus_used: gauge(
    'cpus',
    'CPUs that were busy for the job since the last sample, also beyond its allocation',
  ),
  cpus_allocated: gauge('cpus', 'CPUs that the job was given on the node'),
  memory_current_bytes: gauge('bytes', 'Memory that counts against the limit: anonymous, cache and kernel'),
  memory_anonymous_bytes: gauge('bytes', 'Memory that belongs to no file: heaps and stacks'),
  memory_shared_bytes: gauge('bytes', 'Shared memory, and files in /dev/shm and other tmpfs'),
  memory_cache_bytes: gauge(
    'bytes',
    'Cached pages of files, which the kernel gives back when it needs memory',
  ),
  memory_peak_bytes: gauge('bytes', 'Most memory that ever counted against the limit'),
  memory_limit_bytes: gauge('bytes', 'Memory at which the kernel kills processes of the job'),
  memory_oom_kills: counter('count', 'Processes that the kernel killed because the limit was reached'),
  io_read_bytes: counter('bytes', 'Bytes read from block devices'),
  io_written_bytes: counter('bytes', 'Bytes written to block devices'),
  io_reads: counter('count', 'Read operations of block devices'),
  io_writes: counter('count', 'Write operations of block devices'),
  cpu_pressure_seconds: counter('seconds', 'Time for which some process waited for a CPU'),
  memory_pressure_seconds: counter('seconds', 'Time for which some process waited for memory'),
  io_pressure_seconds: counter('seconds', 'Time for which some process waited for a disk'),
  processes: gauge('count', 'Processes of the job'),
  threads: gauge('count', 'Threads of the job'),
  gpu_energy_joules: counter(
    'joules',
    'Energy of the GPUs of the job: their power over the time it was known',
  ),
  cpu_energy_joules: counter(
    'joules',
    'Share of the job in the energy of the CPUs, by CPU time, without idling',
  ),
  gpu_utilization_percent: ofGpu('percent', 'mean', 'Share of the time in which some kernel ran on the GPU'),
  gpu_memory_used_bytes: ofGpu('bytes', 'sum', 'Memory in use on the GPU'),
  gpu_memory_total_bytes: ofGpu('bytes', 'sum', 'Memory of the GPU'),
  gpu_power_watts: ofGpu('watts', 'sum', 'Power that the GPU draws'),
  gpu_temperature_celsius: ofGpu('celsius', 'max', 'Temperature of the GPU'),
  gpu_throttled: ofGpu('count', 'max', '1 while the GPU is slowed down by heat or power, else 0'),
} as const satisfies Record<string, Row>;

export type MeasureName = keyof typeof ROWS;

export const MEASURES: ReadonlyMap<MeasureName, Measure> = new Map(
  Object.entries(ROWS).map(([name, row]) => [name as MeasureName, { name, ...row }]),
);

/** Values that were measured at one moment; what was not measured is absent. */
export type Measured = Readonly<Partial<Record<MeasureName, number>>>;
