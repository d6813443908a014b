import { formatAmount, formatCount, formatPercent } from '../figures.ts';
import type { JobFigureName } from './figures.ts';
import type { Match } from './match.ts';

/** What all jobs that a policy selects held, whether they match or not: what shares are of. */
export interface Base {
  readonly cpuHours: number;
  readonly gpuHours: number;
}

interface TotalFigure {
  readonly help: string;
  readonly of: (jobs: readonly Match[], base: Base) => number | undefined;
  readonly say: (value: number) => string;
}

const valuesOf = (jobs: readonly Match[], name: JobFigureName): number[] =>
  jobs.map(({ figures }) => figures[name]).filter((value) => value !== undefined);

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const sumOf = (name: JobFigureName) => (jobs: readonly Match[]) => sum(valuesOf(jobs, name));

/** The mean of a percentage over the jobs that have it, by what each held. */
function weighted(jobs: readonly Match[], name: JobFigureName, weight: JobFigureName): number | undefined {
  const known = jobs.filter(({ figures }) => figures[name] !== undefined && figures[weight] !== undefined);
  const whole = sumOf(weight)(known);
  return whole === 0 ? undefined : sum(known.map(({ figures }) => figures[name]! * figures[weight]!)) / whole;
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : sum(values) / values.length;

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : mean(sorted.slice(middle - 1, middle + 1));
}

const share = (part: number, whole: number): number | undefined =>
  whole > 0 ? (100 * part) / whole : undefined;
const hours = (noun: string) => (value: number) => `${formatAmount(value)} ${noun}`;
const percent = (what: string) => (value: number) => `${what} ${formatPercent(value)}`;

/** Every figure of the matching jobs of a user together that a policy can compare, by its key in the file. */
export const TOTAL_FIGURES = {
  jobs: {
    help: 'Jobs that match',
    of: (jobs) => jobs.length,
    say: (value) => formatCount(value, 'job'),
  },
  cpu_hours: { help: 'CPU-hours that they held', of: sumOf('cpu_hours'), say: hours('CPU-hours') },
  gpu_hours: { help: 'GPU-hours that they held', of: sumOf('gpu_hours'), say: hours('GPU-hours') },
  unused_cpu_hours: {
    help: 'CPU-hours that they held and left idle',
    of: sumOf('unused_cpu_hours'),
    say: hours('CPU-hours idle'),
  },
  unused_gpu_hours: {
    help: 'GPU-hours that they held and left idle',
    of: sumOf('unused_gpu_hours'),
    say: hours('GPU-hours idle'),
  },
  unused_memory_tb_hours: {
    help: 'TB-hours of memory that they held and left unused',
    of: sumOf('unused_memory_tb_hours'),
    say: hours('TB-hours of memory unused'),
  },
  unused_limit_cpu_hours: {
    help: 'CPU-hours of their time limits that they left',
    of: sumOf('unused_limit_cpu_hours'),
    say: hours('CPU-hours asked for and not needed'),
  },
  unused_limit_gpu_hours: {
    help: 'GPU-hours of their time limits that they left',
    of: sumOf('unused_limit_gpu_hours'),
    say: hours('GPU-hours asked for and not needed'),
  },
  cpu_percent: {
    help: 'Mean use of their CPUs, by the CPU-hours of each job',
    of: (jobs) => weighted(jobs, 'cpu_percent', 'cpu_hours'),
    say: percent('CPU'),
  },
  gpu_percent: {
    help: 'Mean use of their GPUs, by the GPU-hours of each job',
    of: (jobs) => weighted(jobs, 'gpu_percent', 'gpu_hours'),
    say: percent('GPU'),
  },
  memory_used_percent: {
    help: 'Share of their memory that was used, by the TB-hours of each job',
    of: (jobs) => weighted(jobs, 'memory_used_percent', 'memory_tb_hours'),
    say: percent('memory used'),
  },
  mean_memory_used_percent: {
    help: 'Mean of that share, each job counted alike',
    of: (jobs) => mean(valuesOf(jobs, 'memory_used_percent')),
    say: percent('mean memory used'),
  },
  median_memory_used_percent: {
    help: 'Median of that share',
    of: (jobs) => median(valuesOf(jobs, 'memory_used_percent')),
    say: percent('median memory used'),
  },
  cpu_time_used_percent: {
    help: 'Share of their time limits that they used, by the CPU-hours that they asked for',
    of: (jobs) => timeUsed(jobs, 'cpu_hours', 'unused_limit_cpu_hours'),
    say: percent('time used'),
  },
  gpu_time_used_percent: {
    help: 'Share of their time limits that they used, by the GPU-hours that they asked for',
    of: (jobs) => timeUsed(jobs, 'gpu_hours', 'unused_limit_gpu_hours'),
    say: percent('time used'),
  },
  mean_time_used_percent: {
    help: 'Mean of that share, each job counted alike',
    of: (jobs) => mean(valuesOf(jobs, 'time_used_percent')),
    say: percent('mean time used'),
  },
  median_time_used_percent: {
    help: 'Median of that share',
    of: (jobs) => median(valuesOf(jobs, 'time_used_percent')),
    say: percent('median time used'),
  },
  cpu_share_percent: {
    help: 'Their share of the CPU-hours of all jobs that the policy selects',
    of: (jobs, base) => share(sumOf('cpu_hours')(jobs), base.cpuHours),
    say: percent('share of all CPU-hours'),
  },
  gpu_share_percent: {
    help: 'Their share of the GPU-hours of all jobs that the policy selects',
    of: (jobs, base) => share(sumOf('gpu_hours')(jobs), base.gpuHours),
    say: percent('share of all GPU-hours'),
  },
} as const satisfies Readonly<Record<string, TotalFigure>>;

export type TotalFigureName = keyof typeof TOTAL_FIGURES;

export const isTotalFigure = (name: string): name is TotalFigureName => Object.hasOwn(TOTAL_FIGURES, name);

function timeUsed(jobs: readonly Match[], held: JobFigureName, left: JobFigureName): number | undefined {
  const known = jobs.filter(({ figures }) => figures[left] !== undefined && figures[held] !== undefined);
  const used = sumOf(held)(known);
  return share(used, used + sumOf(left)(known));
}

/** Returns a figure of jobs together; undefined where it is not known of any of them. */
export const totalOf = (name: TotalFigureName, jobs: readonly Match[], base: Base): number | undefined =>
  TOTAL_FIGURES[name].of(jobs, base);
