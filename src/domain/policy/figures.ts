import { formatAmount, formatCount, formatPercent, formatSeconds } from '../figures.ts';
import type { Finding } from '../finding/finding.ts';
import { hasEnded, type Job, runtimeSeconds } from '../job.ts';
import type { JobSummary } from '../store/samples.ts';
import type { IdleTimes } from './idle.ts';

/** What is known of a run when a policy looks at it. What was not read is absent. */
export interface PolicyJob {
  readonly job: Job;
  /** The number of a run before the latest of its job. */
  readonly run?: number;
  readonly nowMs: number;
  readonly summary?: JobSummary;
  readonly findings?: readonly Finding[];
  readonly idle?: IdleTimes;
}

/** What must be read before a figure is known. */
export type Need = 'summary' | 'idle' | 'findings';

/** A figure of a job that conditions compare. */
interface JobFigure {
  /** Absent if the job itself has it. */
  readonly needs?: Need;
  readonly help: string;
  /** Returns undefined where it is not known. */
  readonly of: (facts: PolicyJob) => number | undefined;
  /** Writes the figure for people. */
  readonly say: (value: number) => string;
}

const HOUR_S = 3600;
const MB_OF_GB = 1024;
const MB_OF_TB = 1024 ** 2;

const ratio = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || !other ? undefined : one / other;
const times = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? undefined : one * other;
const minutes = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 60_000);

const runtimeOf = ({ job: { startTimeMs, endTimeMs, details }, nowMs }: PolicyJob): number | undefined =>
  startTimeMs === undefined
    ? undefined
    : runtimeSeconds(startTimeMs, endTimeMs, nowMs, details?.suspendedSeconds);
const hoursOf = (facts: PolicyJob): number | undefined => ratio(runtimeOf(facts), HOUR_S);
const nodesOf = ({ job }: PolicyJob): number | undefined => job.nodes.length || undefined;
const cpusOf = ({ job }: PolicyJob) => job.details?.cpus;
/** Slurm names no GPUs of a job that has none. */
const gpusOf = ({ job: { details = {} } }: PolicyJob) =>
  details.gpus ?? (details.cpus === undefined ? undefined : 0);
const memoryGbOf = ({ job }: PolicyJob) => ratio(job.details?.memoryLimitMb, MB_OF_GB);
/** What a run was measured for must be most of it, or its figures say little of it. */
const LEAST_SHARE = 0.8;
/** Agents find a job, and the last sample comes before the end. */
const EDGES_S = 60;

/** The summary of a run that was measured for most of its time; nothing is known of others. */
function summaryOf(facts: PolicyJob): PolicyJob['summary'] {
  const { summary } = facts;
  const seconds = (summary?.whole.observedSeconds ?? 0) + EDGES_S;
  return seconds >= LEAST_SHARE * (runtimeOf(facts) ?? Number.POSITIVE_INFINITY) ? summary : undefined;
}
const wholeOf = (facts: PolicyJob) => summaryOf(facts)?.whole;
const gpuPercentOf = (facts: PolicyJob) => wholeOf(facts)?.gpuUsage?.mean;
const cpuPercentOf = (facts: PolicyJob) => wholeOf(facts)?.cpuUsage?.mean;
const memoryUsedGbOf = (facts: PolicyJob) => ratio(wholeOf(facts)?.memoryUsageMb?.max, MB_OF_GB);
/** The part of the time limit that an ended job left. */
const unusedLimitHours = (facts: PolicyJob): number | undefined => {
  const limit = facts.job.details?.timeLimitSeconds;
  const used = runtimeOf(facts);
  if (limit === undefined || used === undefined || !hasEnded(facts.job.state)) return undefined;
  return Math.max(0, limit - used) / HOUR_S;
};

/** The most memory of any GPU, in GB. */
function gpuMemoryGbOf(facts: PolicyJob): number | undefined {
  const known = (summaryOf(facts)?.nodes ?? [])
    .flatMap(({ gpus = [] }) => gpus)
    .map(({ memoryUsedBytes }) => memoryUsedBytes?.max);
  if (known.length === 0 || known.some((bytes) => bytes === undefined)) return undefined;
  return Math.max(...(known as number[])) / 1024 ** 3;
}

/** The most use of that node that was used least; unknown unless every node was measured. */
function leastNodeCpuOf(facts: PolicyJob): number | undefined {
  const { job } = facts;
  const most = (summaryOf(facts)?.nodes ?? []).map(({ cpuUsage }) => cpuUsage?.max);
  if (most.length === 0 || most.length < job.nodes.length || most.some((one) => one === undefined))
    return undefined;
  return Math.min(...(most as number[]));
}

const hours = (noun: string) => (value: number) => `${formatAmount(value)} ${noun}-hours`;
const count = (noun: string) => (value: number) => formatCount(Number(value.toFixed(1)), noun);
const percentOf = (what: string) => (value: number) => `${what} ${formatPercent(value)}`;
const gb = (what: string) => (value: number) => `${formatAmount(value)} GB of memory ${what}`.trim();
const SUMMARY = 'summary' as const;
const IDLE = 'idle' as const;

/** Every figure of a job that a policy can compare, by its key in the file. */
export const JOB_FIGURES = {
  runtime_minutes: {
    help: 'Minutes that it ran, without suspended time',
    of: (facts) => ratio(runtimeOf(facts), 60),
    say: (value) => `ran for ${formatSeconds(60 * value)}`,
  },
  nodes: { help: 'Nodes', of: nodesOf, say: count('node') },
  cpus: { help: 'CPUs, of all nodes', of: cpusOf, say: count('CPU') },
  gpus: { help: 'GPUs, of all nodes', of: gpusOf, say: count('GPU') },
  memory_gb: { help: 'Memory limit in GB, of all nodes', of: memoryGbOf, say: gb('') },
  cpus_per_node: {
    help: 'CPUs on each node',
    of: (facts) => ratio(cpusOf(facts), nodesOf(facts)),
    say: (value) => `${count('CPU')(value)} on each node`,
  },
  gpus_per_node: {
    help: 'GPUs on each node',
    of: (facts) => ratio(gpusOf(facts), nodesOf(facts)),
    say: (value) => `${count('GPU')(value)} on each node`,
  },
  memory_gb_per_node: {
    help: 'Memory limit of each node in GB',
    of: (facts) => ratio(memoryGbOf(facts), nodesOf(facts)),
    say: gb('on each node'),
  },
  memory_gb_per_cpu: {
    help: 'Memory limit for each CPU in GB',
    of: (facts) => ratio(memoryGbOf(facts), cpusOf(facts)),
    say: gb('for each CPU'),
  },
  cpus_per_gpu: {
    help: 'CPUs for each GPU',
    of: (facts) => ratio(cpusOf(facts), gpusOf(facts)),
    say: (value) => `${count('CPU')(value)} for each GPU`,
  },
  memory_gb_per_gpu: {
    help: 'Memory limit for each GPU in GB',
    of: (facts) => ratio(memoryGbOf(facts), gpusOf(facts)),
    say: gb('for each GPU'),
  },
  cpu_hours: {
    help: 'CPUs held times hours',
    of: (facts) => times(cpusOf(facts), hoursOf(facts)),
    say: hours('CPU'),
  },
  gpu_hours: {
    help: 'GPUs held times hours',
    of: (facts) => times(gpusOf(facts), hoursOf(facts)),
    say: hours('GPU'),
  },
  memory_tb_hours: {
    help: 'Memory limit in TB times hours',
    of: (facts) => times(ratio(facts.job.details?.memoryLimitMb, MB_OF_TB), hoursOf(facts)),
    say: (value) => `${formatAmount(value)} TB-hours of memory`,
  },
  time_used_percent: {
    help: 'Share of the time limit that an ended job used',
    of: (facts) =>
      hasEnded(facts.job.state)
        ? times(ratio(runtimeOf(facts), facts.job.details?.timeLimitSeconds), 100)
        : undefined,
    say: (value) => `used ${formatPercent(value)} of its time limit`,
  },
  unused_limit_cpu_hours: {
    help: 'CPUs times the hours of the time limit that an ended job left',
    of: (facts) => times(cpusOf(facts), unusedLimitHours(facts)),
    say: (value) => `${hours('CPU')(value)} asked for and not needed`,
  },
  unused_limit_gpu_hours: {
    help: 'GPUs times the hours of the time limit that an ended job left',
    of: (facts) => times(gpusOf(facts), unusedLimitHours(facts)),
    say: (value) => `${hours('GPU')(value)} asked for and not needed`,
  },
  cpu_percent: {
    needs: SUMMARY,
    help: 'Mean use of its CPUs since its start',
    of: cpuPercentOf,
    say: percentOf('CPU'),
  },
  cpu_max_percent: {
    needs: SUMMARY,
    help: 'Most use of its CPUs in a sample',
    of: (facts) => wholeOf(facts)?.cpuUsage?.max,
    say: percentOf('CPU at most'),
  },
  cpus_used: {
    needs: SUMMARY,
    help: 'CPUs times their mean use: about 1 for a serial program',
    of: (facts) => times(cpusOf(facts), ratio(cpuPercentOf(facts), 100)),
    say: (value) => `${formatAmount(value)} CPUs busy`,
  },
  least_node_cpu_max_percent: {
    needs: SUMMARY,
    help: 'Most use of the CPUs of that node that was used least',
    of: leastNodeCpuOf,
    say: percentOf('CPU of the least used node at most'),
  },
  gpu_percent: {
    needs: SUMMARY,
    help: 'Mean use of its GPUs since its start',
    of: gpuPercentOf,
    say: percentOf('GPU'),
  },
  gpu_max_percent: {
    needs: SUMMARY,
    help: 'Most use of its GPUs in a sample',
    of: (facts) => wholeOf(facts)?.gpuUsage?.max,
    say: percentOf('GPU at most'),
  },
  gpu_memory_gb: {
    needs: SUMMARY,
    help: 'Most memory of any of its GPUs in GB',
    of: gpuMemoryGbOf,
    say: (value) => `${formatAmount(value)} GB of GPU memory`,
  },
  memory_used_gb: {
    needs: SUMMARY,
    help: 'Most memory in GB, of all nodes',
    of: memoryUsedGbOf,
    say: gb('used'),
  },
  memory_used_gb_per_gpu: {
    needs: SUMMARY,
    help: 'Most memory for each GPU in GB',
    of: (facts) => ratio(memoryUsedGbOf(facts), gpusOf(facts)),
    say: gb('used for each GPU'),
  },
  memory_used_percent: {
    needs: SUMMARY,
    help: 'Most memory as a share of the limit',
    of: (facts) => times(ratio(memoryUsedGbOf(facts), memoryGbOf(facts)), 100),
    say: (value) => `used ${formatPercent(value)} of its memory`,
  },
  unused_cpu_hours: {
    needs: SUMMARY,
    help: 'CPU-hours that were held and idle',
    of: (facts) => unusedHours(cpusOf(facts), cpuPercentOf(facts), facts),
    say: (value) => `${hours('CPU')(value)} idle`,
  },
  unused_gpu_hours: {
    needs: SUMMARY,
    help: 'GPU-hours that were held and idle',
    of: (facts) => unusedHours(gpusOf(facts), gpuPercentOf(facts), facts),
    say: (value) => `${hours('GPU')(value)} idle`,
  },
  unused_memory_tb_hours: {
    needs: SUMMARY,
    help: 'TB-hours of memory beyond the most that was used',
    of(facts) {
      const unusedMb = (memoryGbOf(facts) ?? Number.NaN) - (memoryUsedGbOf(facts) ?? Number.NaN);
      return Number.isNaN(unusedMb) ? undefined : times(Math.max(0, unusedMb) / MB_OF_GB, hoursOf(facts));
    },
    say: (value) => `${formatAmount(value)} TB-hours of memory unused`,
  },
  gpu_idle_minutes: {
    needs: IDLE,
    help: 'Minutes that none of its GPUs has been used, up to now and without gaps in what was measured',
    of: ({ idle }) => minutes(idle?.gpuMs),
    say: (value) => `no GPU used for ${formatSeconds(60 * value)}`,
  },
  cpu_idle_minutes: {
    needs: IDLE,
    help: 'Minutes that its CPUs have been idle on all nodes, up to now and without gaps',
    of: ({ idle }) => minutes(idle?.cpuMs),
    say: (value) => `CPUs idle for ${formatSeconds(60 * value)}`,
  },
} as const satisfies Readonly<Record<string, JobFigure>>;

export type JobFigureName = keyof typeof JOB_FIGURES;

function unusedHours(
  held: number | undefined,
  percent: number | undefined,
  facts: PolicyJob,
): number | undefined {
  const share = percent === undefined ? undefined : Math.max(0, 1 - percent / 100);
  return times(times(held, hoursOf(facts)), share);
}

export const isJobFigure = (name: string): name is JobFigureName => Object.hasOwn(JOB_FIGURES, name);

/** Returns a figure of a job; undefined where it is not known. */
export const figureOf = (facts: PolicyJob, name: JobFigureName): number | undefined =>
  JOB_FIGURES[name].of(facts);

/** Returns what must be read for a figure. */
export const needOf = (name: JobFigureName): Need | undefined => (JOB_FIGURES[name] as JobFigure).needs;
