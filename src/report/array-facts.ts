import { formatCount, formatMb, formatPercent, formatSeconds } from '../domain/figures.ts';

interface Spread {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly upper_quartile: number;
  readonly max: number;
  readonly bins: { readonly low: number; readonly high: number; readonly counts: readonly number[] };
}

interface Task {
  readonly job_id: string;
  readonly task_id?: number;
  readonly raw_state?: string;
  readonly runtime_seconds?: number;
  readonly cpu_usage?: number;
  readonly memory_peak_mb?: number;
  readonly memory_limit_mb?: number;
  readonly gpu_usage?: number;
}

/** What a report of an array is made of, as `GET /v1/arrays/{id}` has it. */
export interface ArrayReport {
  readonly array_job_id: string;
  readonly user: string;
  readonly account?: string;
  readonly name?: string;
  readonly partition?: string;
  readonly cpus?: number;
  readonly gpus?: number;
  readonly memory_limit_mb?: number;
  readonly time_limit_seconds?: number;
  readonly task_count: number;
  readonly states: readonly { readonly state: string; readonly raw_state?: string; readonly tasks: number }[];
  readonly runtime_seconds?: Spread;
  readonly cpu_usage?: Spread;
  readonly memory_peak_mb?: Spread;
  readonly gpu_usage?: Spread;
  readonly outliers: readonly { readonly kind: string; readonly tasks: readonly Task[] }[];
}

/** How the tasks of an array are spread in one measure. */
export interface ArrayMeasure {
  readonly label: string;
  readonly spread: Spread;
  readonly write: (value: number) => string;
}

/** Tasks of an array that stand out. */
export interface Outliers {
  readonly label: string;
  /** Each with its figure: `3 (2 h)`. */
  readonly tasks: readonly string[];
}

/** Returns whose an array is, and what each of its tasks holds. */
export function arrayHoldings(array: ArrayReport): string[] {
  const { user, account, partition, task_count, cpus, memory_limit_mb, gpus, time_limit_seconds } = array;
  return [
    `user ${user}`,
    ...(account ? [`account ${account}`] : []),
    ...(partition ? [`partition ${partition}`] : []),
    formatCount(task_count, 'task'),
    ...(cpus ? [`${formatCount(cpus, 'CPU')} each`] : []),
    ...(memory_limit_mb ? [formatMb(memory_limit_mb)] : []),
    ...(gpus ? [formatCount(gpus, 'GPU')] : []),
    ...(time_limit_seconds ? [formatSeconds(time_limit_seconds)] : []),
  ];
}

/** Returns how many tasks are in each state. */
export const arrayStates = ({ states }: ArrayReport): string[] =>
  states.map(
    ({ state, raw_state, tasks }) => `${tasks} ${(raw_state ?? state).toLowerCase().replaceAll('_', ' ')}`,
  );

/** Returns the measures that are known of some tasks. */
export function arrayMeasures(array: ArrayReport): ArrayMeasure[] {
  const measure = (label: string, spread: Spread | undefined, write: ArrayMeasure['write']) =>
    spread ? [{ label, spread, write }] : [];
  return [
    ...measure('runtime', array.runtime_seconds, formatSeconds),
    ...measure('CPU', array.cpu_usage, formatPercent),
    ...measure('memory', array.memory_peak_mb, formatMb),
    ...measure('GPU', array.gpu_usage, formatPercent),
  ];
}

interface OutlierKind {
  readonly label: string;
  readonly write: (task: Task) => string | undefined;
}

const ifKnown = <Value>(value: Value | undefined, write: (value: Value) => string): string | undefined =>
  value === undefined ? undefined : write(value);

const OUTLIERS: Readonly<Record<string, OutlierKind>> = {
  failed: {
    label: 'failed last',
    write: ({ raw_state }) =>
      raw_state === 'FAILED' ? undefined : raw_state?.toLowerCase().replaceAll('_', ' '),
  },
  slowest: { label: 'slowest', write: ({ runtime_seconds }) => ifKnown(runtime_seconds, formatSeconds) },
  memory: { label: 'most memory', write: ({ memory_peak_mb }) => ifKnown(memory_peak_mb, formatMb) },
  cpu: { label: 'least CPU', write: ({ cpu_usage }) => ifKnown(cpu_usage, formatPercent) },
  gpu: { label: 'least GPU', write: ({ gpu_usage }) => ifKnown(gpu_usage, formatPercent) },
};

/** Returns at most `most` tasks of each kind that stand out. Where all are alike in a measure, none does. */
export function arrayOutliers(array: ArrayReport, most: number): Outliers[] {
  const isAlike = (kind: string) => {
    const spread = { slowest: array.runtime_seconds, memory: array.memory_peak_mb }[kind];
    return spread !== undefined && spread.min === spread.max;
  };
  return array.outliers.flatMap(({ kind, tasks }) => {
    const known = OUTLIERS[kind];
    if (!known || array.task_count < 2 || isAlike(kind)) return [];
    const named = tasks.slice(0, most).map((task) => {
      const figure = known.write(task);
      const name = String(task.task_id ?? task.job_id);
      return figure === undefined ? name : `${name} (${figure})`;
    });
    return [{ label: known.label, tasks: named }];
  });
}
