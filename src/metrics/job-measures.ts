import type { LiveMeasures } from '../domain/live-measures.ts';
import { MEASURES, type MeasureName } from '../domain/measure.ts';
import { escapeLabel, type Family } from './exposition.ts';

const OF_JOB = ['job_id', 'node', 'user'] as const;
const OF_GPU = [...OF_JOB, 'gpu'] as const;

/** The families of further measures: of a job on a node, and of each GPU that it holds there. */
const MEASURED: readonly (readonly [name: string, measure: MeasureName])[] = [
  ['hpc_job_cpu_seconds_total', 'cpu_seconds'],
  ['hpc_job_cpus_allocated', 'cpus_allocated'],
  ['hpc_job_memory_rss_bytes', 'memory_anonymous_bytes'],
  ['hpc_job_memory_peak_bytes', 'memory_peak_bytes'],
  ['hpc_job_memory_limit_bytes', 'memory_limit_bytes'],
  ['hpc_job_oom_kills_total', 'memory_oom_kills'],
  ['hpc_job_gpu_device_utilization_percent', 'gpu_utilization_percent'],
  ['hpc_job_gpu_device_memory_used_bytes', 'gpu_memory_used_bytes'],
  ['hpc_job_gpu_device_memory_total_bytes', 'gpu_memory_total_bytes'],
  ['hpc_job_gpu_device_power_watts', 'gpu_power_watts'],
  ['hpc_job_gpu_device_temperature_celsius', 'gpu_temperature_celsius'],
];

const GPUS_ALLOCATED: Family = {
  name: 'hpc_job_gpus_allocated',
  type: 'gauge',
  help: 'GPUs that the job was given on the node',
  labels: OF_JOB,
};
const TIME_LIMIT: Family = {
  name: 'hpc_job_time_limit_seconds',
  type: 'gauge',
  help: 'How long the job may run',
  labels: OF_JOB,
};

const NAMES: ReadonlyMap<MeasureName, string> = new Map(MEASURED.map(([name, measure]) => [measure, name]));

/** Returns the family of any measure. Names that are not fixed above derive from the name of the measure. */
export function familyOf(measure: MeasureName, labels: readonly string[]): Family {
  const { help, of, kind } = MEASURES.get(measure)!;
  const base = of === 'gpu' ? `hpc_job_gpu_device_${measure.replace('gpu_', '')}` : `hpc_job_${measure}`;
  const name = NAMES.get(measure) ?? (kind === 'counter' ? `${base}_total` : base);
  return { name, type: kind, help, labels };
}

/** The families in the order of `addMeasures`. */
export const MEASURE_FAMILIES: readonly Family[] = [
  ...MEASURED.map(([, measure]) => familyOf(measure, MEASURES.get(measure)!.of === 'gpu' ? OF_GPU : OF_JOB)),
  GPUS_ALLOCATED,
  TIME_LIMIT,
];

/** The place of each measure in MEASURE_FAMILIES, by its code. */
const PLACES: ReadonlyMap<number, number> = new Map(
  MEASURED.map(([, measure], place) => [MEASURES.get(measure)!.code, place]),
);

/** Returns the number of series of what is known of a job on a node. */
export const countMeasures = ({ values, timeLimitSeconds, gpusAllocated }: LiveMeasures): number =>
  values.length + Number(timeLimitSeconds !== undefined) + Number(gpusAllocated !== undefined);

/** Appends the lines of a series to those of each family; `labels` are its labels without braces. */
export function addMeasures(lines: string[], labels: string, measures: LiveMeasures): void {
  const { values, timeLimitSeconds, gpusAllocated } = measures;
  let [lastGpu, gpuLabels] = ['', labels];
  for (const { code, gpu, value } of values) {
    const place = PLACES.get(code);
    if (place === undefined) continue;
    if (gpu !== lastGpu) {
      lastGpu = gpu;
      gpuLabels = `${labels},gpu="${escapeLabel(gpu)}"`;
    }
    lines[place]! += `${MEASURED[place]![0]}{${gpu === '' ? labels : gpuLabels}} ${value}\n`;
  }
  const place = MEASURED.length;
  if (gpusAllocated !== undefined) lines[place]! += `${GPUS_ALLOCATED.name}{${labels}} ${gpusAllocated}\n`;
  if (timeLimitSeconds !== undefined)
    lines[place + 1]! += `${TIME_LIMIT.name}{${labels}} ${timeLimitSeconds}\n`;
}
