import { MEASURES, type MeasureName } from './measure.ts';

/** Further measures of a job on a node whose newest values `/metrics` shows while the job runs. */
export const LIVE_MEASURES = [
  'cpu_seconds',
  'cpus_allocated',
  'memory_anonymous_bytes',
  'memory_peak_bytes',
  'memory_limit_bytes',
  'memory_oom_kills',
  'gpu_utilization_percent',
  'gpu_memory_used_bytes',
  'gpu_memory_total_bytes',
  'gpu_power_watts',
  'gpu_temperature_celsius',
] as const satisfies readonly MeasureName[];

export const LIVE_CODES: ReadonlySet<number> = new Set(LIVE_MEASURES.map((name) => MEASURES.get(name)!.code));

/** The newest value of one measure. */
export interface LiveValue {
  /** `Measure.code`. */
  readonly code: number;
  /** The UUID of the measured GPU; '' if the measure is of the job on the node. */
  readonly gpu: string;
  readonly value: number;
}

/** What is known of a job on a node that an agent measures, beside its usage. */
export interface LiveMeasures {
  /** Those of the newest sample that has any. */
  readonly values: readonly LiveValue[];
  readonly timeLimitSeconds?: number;
  /** GPUs that the job was given on the node; absent if that is unknown. */
  readonly gpusAllocated?: number;
}
