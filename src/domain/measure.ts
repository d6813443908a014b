// What is measured of a job on a node beside the three documented values. One table, from which the wire, the
// store, the documentation, /metrics and plots derive.

/** One thing that is measured. */
export interface Measure {
  /** Its name on the wire: letters, digits and underscores, with its unit. */
  readonly name: string;
  /** Its number in the store, 1 to 255; never changed, and never given to another measure. */
  readonly code: number;
  readonly unit: 'percent' | 'bytes' | 'seconds' | 'count' | 'cpus' | 'watts' | 'celsius' | 'joules';
  /** A counter grows from the start of the run on; a gauge is the value at the time of the sample. */
  readonly kind: 'gauge' | 'counter';
  /** Whether it is measured of the job on the node, or of each GPU that the job holds there. */
  readonly of: 'job' | 'gpu';
  /** How the values of the nodes (or GPUs) of a job are one value. */
  readonly combine: 'sum' | 'mean' | 'max';
  /** Whether the summary of a run keeps it as long as the job. */
  readonly isLasting: boolean;
  /** One sentence without a full stop, for the documentation and the HELP lines of /metrics. */
  readonly help: string;
}

type Row = Omit<Measure, 'name' | 'isLasting'>;

const counter = (code: number, unit: Row['unit'], help: string): Row => ({
  code,
  unit,
  kind: 'counter',
  of: 'job',
  combine: 'sum',
  help,
});
const gauge = (code: number, unit: Row['unit'], help: string, combine: Row['combine'] = 'sum'): Row => ({
  code,
  unit,
  kind: 'gauge',
  of: 'job',
  combine,
  help,
});
const ofGpu = (code: number, unit: Row['unit'], combine: Row['combine'], help: string): Row => ({
  code,
  unit,
  kind: 'gauge',
  of: 'gpu',
  combine,
  help,
});

const ROWS = {
  cpu_seconds: counter(1, 'seconds', 'CPU time that the job used on the node'),
  cpu_user_seconds: counter(2, 'seconds', 'CPU time in user mode'),
  cpu_system_seconds: counter(3, 'seconds', 'CPU time in the kernel'),
  cpu_throttled_seconds: counter(4, 'seconds', 'Time for which the job was held back at its CPU limit'),
  cpus_used: gauge(
    5,
    'cpus',
    'CPUs that were busy for the job since the last sample, also beyond its allocation',
  ),
  cpus_allocated: gauge(6, 'cpus', 'CPUs that the job was given on the node'),
  memory_current_bytes: gauge(
    7,
    'bytes',
    'Memory that counts against the limit: anonymous, cache and kernel',
  ),
  memory_anonymous_bytes: gauge(8, 'bytes', 'Memory that belongs to no file: heaps and stacks'),
  memory_shared_bytes: gauge(9, 'bytes', 'Shared memory, and files in /dev/shm and other tmpfs'),
  memory_cache_bytes: gauge(
    10,
    'bytes',
    'Cached pages of files, which the kernel gives back when it needs memory',
  ),
  memory_peak_bytes: gauge(11, 'bytes', 'Most memory that ever counted against the limit'),
  memory_limit_bytes: gauge(12, 'bytes', 'Memory at which the kernel kills processes of the job'),
  memory_oom_kills: counter(13, 'count', 'Processes that the kernel killed because the limit was reached'),
  io_read_bytes: counter(14, 'bytes', 'Bytes read from block devices'),
  io_written_bytes: counter(15, 'bytes', 'Bytes written to block devices'),
  io_reads: counter(16, 'count', 'Read operations of block devices'),
  io_writes: counter(17, 'count', 'Write operations of block devices'),
  cpu_pressure_seconds: counter(18, 'seconds', 'Time for which some process waited for a CPU'),
  memory_pressure_seconds: counter(19, 'seconds', 'Time for which some process waited for memory'),
  io_pressure_seconds: counter(20, 'seconds', 'Time for which some process waited for a disk'),
  processes: gauge(21, 'count', 'Processes of the job'),
  threads: gauge(22, 'count', 'Threads of the job'),
  gpu_energy_joules: counter(
    23,
    'joules',
    'Energy of the GPUs of the job: their power over the time it was known',
  ),
  cpu_energy_joules: counter(
    24,
    'joules',
    'Share of the job in the energy of the CPUs, by CPU time, without idling',
  ),
  gpu_utilization_percent: ofGpu(
    25,
    'percent',
    'mean',
    'Share of the time in which some kernel ran on the GPU',
  ),
  gpu_memory_used_bytes: ofGpu(26, 'bytes', 'sum', 'Memory in use on the GPU'),
  gpu_memory_total_bytes: ofGpu(27, 'bytes', 'sum', 'Memory of the GPU'),
  gpu_power_watts: ofGpu(28, 'watts', 'sum', 'Power that the GPU draws'),
  gpu_temperature_celsius: ofGpu(29, 'celsius', 'max', 'Temperature of the GPU'),
  gpu_throttled: ofGpu(
    30,
    'count',
    'max',
    '1 while the GPU is slowed down by heat, power or its board, else 0',
  ),
  gpu_held_seconds: counter(31, 'seconds', 'GPU time that the job held: GPUs times seconds'),
  gpu_idle_seconds: counter(32, 'seconds', 'GPU time that the job held and in which no kernel ran'),
  gpu_power_seconds: counter(33, 'seconds', 'GPU time for which the power was known'),
  cpu_idle_energy_joules: counter(
    34,
    'joules',
    'Energy that the CPUs of the job took idling, by allocated CPUs',
  ),
  cpu_power_seconds: counter(35, 'seconds', 'Time for which the power of the CPUs was known'),
  node_energy_joules: counter(
    36,
    'joules',
    'Share of the job in the energy of the whole node: all of it while it is alone there, else by CPU time',
  ),
  node_power_seconds: counter(37, 'seconds', 'Time for which the power of the node was known'),
  gpu_throttled_by_heat: ofGpu(38, 'count', 'max', '1 while heat slows the GPU down, else 0'),
  gpu_throttled_by_power: ofGpu(
    39,
    'count',
    'max',
    '1 while the GPU is held at its power limit, as under full load, or braked for lack of power, else 0',
  ),
} as const satisfies Record<string, Row>;

export type MeasureName = keyof typeof ROWS;

/** What the summary of a run keeps for ever. */
const LASTING: ReadonlySet<string> = new Set<MeasureName>([
  'cpu_seconds',
  'cpu_throttled_seconds',
  'memory_current_bytes',
  'memory_anonymous_bytes',
  'memory_peak_bytes',
  'memory_limit_bytes',
  'memory_oom_kills',
  'io_read_bytes',
  'io_written_bytes',
  'cpu_energy_joules',
  'cpu_idle_energy_joules',
  'cpu_power_seconds',
  'node_energy_joules',
  'node_power_seconds',
  'gpu_energy_joules',
  'gpu_held_seconds',
  'gpu_idle_seconds',
  'gpu_power_seconds',
  'gpu_utilization_percent',
  'gpu_memory_used_bytes',
]);

export const MEASURES: ReadonlyMap<MeasureName, Measure> = new Map(
  Object.entries(ROWS).map(([name, row]) => [
    name as MeasureName,
    { name, ...row, isLasting: LASTING.has(name) },
  ]),
);

/** Measures by their number in the store. */
export const MEASURES_BY_CODE: ReadonlyMap<number, Measure> = new Map(
  [...MEASURES.values()].map((measure) => [measure.code, measure]),
);

/** Values that were measured at one moment; what was not measured is absent. */
export type Measured = Readonly<Partial<Record<MeasureName, number>>>;
