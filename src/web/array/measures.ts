import type { ArrayAnswer, ArrayColumns, DistributionAnswer } from '../../api/array.ts';
import { formatMb, formatPercent, formatSeconds } from '../../domain/figures.ts';

/** A measure of tasks: how they are spread, and what a square can be filled by. */
export interface TaskMeasure {
  readonly name: string;
  readonly title: string;
  readonly format: (value: number) => string;
  readonly distribution: (array: ArrayAnswer) => DistributionAnswer | undefined;
  readonly values: (tasks: ArrayColumns) => readonly (number | null)[];
}

export const MEASURES: readonly TaskMeasure[] = [
  {
    name: 'runtime',
    title: 'Runtime',
    format: formatSeconds,
    distribution: (array) => array.runtime_seconds,
    values: (tasks) => tasks.runtime_seconds,
  },
  {
    name: 'cpu',
    title: 'CPU',
    format: formatPercent,
    distribution: (array) => array.cpu_usage,
    values: (tasks) => tasks.cpu_usage,
  },
  {
    name: 'memory',
    title: 'Memory peak',
    format: formatMb,
    distribution: (array) => array.memory_peak_mb,
    values: (tasks) => tasks.memory_peak_mb,
  },
  {
    name: 'gpu',
    title: 'GPU',
    format: formatPercent,
    distribution: (array) => array.gpu_usage,
    values: (tasks) => tasks.gpu_usage,
  },
];
