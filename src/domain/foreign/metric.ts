import type { MeasureName } from '../measure.ts';

// The metrics of other exporters that become measures of a job; every other one is left out. The names were
// read in the sources of dcgm-exporter 4.5, cgroup_exporter 1.2 (treydock) and its fork for jobstats
// (plazonic), slurm-job-exporter 0.4 (guilbaults) and Omnistat 1.14.

/** MiB in a byte. */
const MIB = 2 ** -20;

/** A measure, or what measures are computed from. */
export type Part =
  | MeasureName
  /** Anonymous memory and the cache of files in one number. */
  | 'memory_with_cache_bytes'
  /** Percent of `gpu_memory_total_bytes`. */
  | 'gpu_memory_used_percent';

export interface ForeignMetric {
  readonly part: Part;
  /** Units of the metric in one of the part. A divisor, because a factor of 1e-9 would not be exact. */
  readonly divisor: number;
  /** Series that differ in this label alone are added up: a counter for each core. */
  readonly addedBy?: string;
  /** Whether it is measured of a GPU. */
  readonly isOfGpu: boolean;
  /** Whether its labels name no job, but an info metric of the same request does. */
  readonly isOfNode: boolean;
}

const row = (part: Part, fields: Partial<ForeignMetric> = {}): ForeignMetric => ({
  part,
  divisor: 1,
  isOfGpu: false,
  isOfNode: false,
  ...fields,
});
const ofGpu = (part: Part, divisor = 1): ForeignMetric => row(part, { divisor, isOfGpu: true });
const ofCard = (part: Part): ForeignMetric => row(part, { isOfGpu: true, isOfNode: true });

/** By name, without the suffix `_total` that formats add to counters and take away. */
const METRICS: Readonly<Record<string, ForeignMetric>> = {
  DCGM_FI_DEV_GPU_UTIL: ofGpu('gpu_utilization_percent'),
  DCGM_FI_DEV_FB_USED: ofGpu('gpu_memory_used_bytes', MIB),
  DCGM_FI_DEV_FB_TOTAL: ofGpu('gpu_memory_total_bytes', MIB),
  DCGM_FI_DEV_POWER_USAGE: ofGpu('gpu_power_watts'),
  DCGM_FI_DEV_GPU_TEMP: ofGpu('gpu_temperature_celsius'),

  cgroup_cpu_total_seconds: row('cpu_seconds'),
  cgroup_cpu_user_seconds: row('cpu_user_seconds'),
  cgroup_cpu_system_seconds: row('cpu_system_seconds'),
  cgroup_cpus: row('cpus_allocated'),
  // With cgroups of version 2, treydock's includes the cache of files: see `metricOf`.
  cgroup_memory_rss_bytes: row('memory_anonymous_bytes'),
  cgroup_memory_cache_bytes: row('memory_cache_bytes'),
  cgroup_memory_shmem_bytes: row('memory_shared_bytes'),
  cgroup_memory_used_bytes: row('memory_current_bytes'),
  cgroup_memory_total_bytes: row('memory_limit_bytes'),

  slurm_job_core_usage: row('cpu_seconds', { divisor: 1e9, addedBy: 'core' }),
  slurm_job_memory_rss: row('memory_anonymous_bytes'),
  slurm_job_memory_cache: row('memory_cache_bytes'),
  slurm_job_memory_usage: row('memory_current_bytes'),
  slurm_job_memory_max: row('memory_peak_bytes'),
  slurm_job_memory_limit: row('memory_limit_bytes'),
  slurm_job_process_count: row('processes'),
  slurm_job_threads_count: row('threads', { addedBy: 'state' }),
  slurm_job_utilization_gpu: ofGpu('gpu_utilization_percent'),
  slurm_job_memory_usage_gpu: ofGpu('gpu_memory_used_bytes'),
  slurm_job_memory_total_gpu: ofGpu('gpu_memory_total_bytes'),
  slurm_job_power_gpu: ofGpu('gpu_power_watts', 1000),

  rocm_utilization_percentage: ofCard('gpu_utilization_percent'),
  rocm_vram_used_percentage: ofCard('gpu_memory_used_percent'),
  rocm_vram_total_bytes: ofCard('gpu_memory_total_bytes'),
  rocm_average_socket_power_watts: ofCard('gpu_power_watts'),
  rocm_temperature_celsius: ofCard('gpu_temperature_celsius'),
};

/** The metric of Omnistat whose label `jobid` says which job is on a node. */
export const JOB_INFO = 'rmsjob_info';

/** The names in the table, without `_total`. */
export const FOREIGN_NAMES: readonly string[] = [...Object.keys(METRICS), JOB_INFO];

const WITH_CACHE = row('memory_with_cache_bytes');
/** cgroup_exporter names a group of version 2 by this path, and one of version 1 as `/slurm/uid_1/job_2`. */
const VERSION_2 = 'slurmstepd.scope';
/** What DCGM knows of a part of a GPU (MIG); the rest is of the whole GPU, or 0. */
const KNOWN_OF_PARTS: readonly Part[] = ['gpu_memory_used_bytes', 'gpu_memory_total_bytes'];

const baseOf = (name: string): string => (name.endsWith('_total') ? name.slice(0, -'_total'.length) : name);

/** Returns whether series of a name may measure something. */
export const isForeignName = (name: string): boolean =>
  name === JOB_INFO || Object.hasOwn(METRICS, baseOf(name));

/** Returns what a series measures; undefined if it is not in the table. */
export function metricOf(name: string, labels: ReadonlyMap<string, string>): ForeignMetric | undefined {
  const base = baseOf(name);
  const metric = Object.hasOwn(METRICS, base) ? METRICS[base] : undefined;
  if (!metric) return undefined;
  if (base === 'cgroup_memory_rss_bytes' && labels.get('cgroup')?.includes(VERSION_2)) return WITH_CACHE;
  if (labels.has('GPU_I_ID') && !KNOWN_OF_PARTS.includes(metric.part)) return undefined;
  return metric;
}
