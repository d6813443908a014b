import { formatCount, formatMb, formatPercent, formatSeconds } from '../figures.ts';
import { runtimeSeconds } from '../job.ts';
import type { RunningJob } from '../running-job.ts';

/**
 * A running job that somebody should look at: because of what rules find of it, or because its time is nearly
 * over, or nothing is heard of it.
 */
export interface Concern {
  readonly jobId: string;
  readonly user: string;
  readonly name?: string;
  /** The kind of a finding, or `time-nearly-over` or `silent`. */
  readonly kind: string;
  /** One sentence with its numbers. */
  readonly message: string;
}

/** How much a concern matters beside others of its list. */
interface Weighed {
  readonly concern: Concern;
  readonly weight: number;
}

/** Rows of each list: as many as are read during an incident. */
const MAX_CONCERNS = 8;
const MINUTE = 60;

const IDLE_GPU_PERCENT = 1;
const NEAR_TIME_LIMIT = 0.9;
/** As a node without reports: its values are no longer those of the present. */
const SILENT_SECONDS = 5 * MINUTE;

/** Without the seconds of a long time, which would change whenever it is looked at. */
const formatSpan = (seconds: number): string =>
  formatSeconds(seconds < 10 * MINUTE ? seconds : seconds - (seconds % MINUTE));

const concernOf = ({ id, user, name }: RunningJob, kind: Concern['kind'], message: string): Concern => ({
  jobId: id,
  user,
  ...(name !== undefined && { name }),
  kind,
  message,
});

/** Collects the running jobs that waste most now, and those most in trouble. */
export function concernCollector(nowMs: number) {
  const wasting: Weighed[] = [];
  const troubled: Weighed[] = [];
  return {
    addRunning(job: RunningJob): void {
      const seconds = runtimeSeconds(job.startTimeMs, undefined, nowMs, job.suspendedSeconds);
      const waste = wasteOf(job, seconds);
      if (waste) wasting.push(waste);
      troubled.push(...troublesOf(job, seconds, nowMs));
    },
    wasting: () => heaviest(wasting),
    troubled: () => heaviest(troubled),
  };
}

const heaviest = (all: readonly Weighed[]): Concern[] =>
  all
    .toSorted((one, other) => other.weight - one.weight)
    .slice(0, MAX_CONCERNS)
    .map(({ concern }) => concern);

/** GPUs come before CPUs, by the hours that they have been held without work. */
function wasteOf(job: RunningJob, seconds: number): Weighed | undefined {
  const { cpus = 0, gpus = 0, cpuUsage, gpuUsage = 0 } = job;
  const kind = job.findings?.find(({ severity }) => severity === 'waste')?.kind;
  if (kind === undefined) return undefined;
  const [noun, count, percent] = gpus > 0 ? ['GPU', gpus, gpuUsage] : ['CPU', cpus, cpuUsage];
  const use = gpus > 0 && percent < IDLE_GPU_PERCENT ? 'idle' : `at ${formatPercent(percent)}`;
  const text = `${formatCount(count, noun)} ${use} now, held for ${formatSpan(seconds)}`;
  const left = count * seconds * (1 - percent / 100);
  return { concern: concernOf(job, kind, text), weight: gpus > 0 ? 1e12 + left : left };
}

/** What ends a job comes before what only might. */
function troublesOf(job: RunningJob, seconds: number, nowMs: number): Weighed[] {
  const { timeLimitSeconds = 0 } = job;
  const found: Weighed[] = memoryTroublesOf(job);
  const time = timeLimitSeconds > 0 ? seconds / timeLimitSeconds : 0;
  if (time >= NEAR_TIME_LIMIT) {
    const left = Math.max(0, timeLimitSeconds - seconds);
    const text = `${formatSpan(left)} left of ${formatSeconds(timeLimitSeconds)}`;
    found.push({ concern: concernOf(job, 'time-nearly-over', text), weight: 1 + time });
  }
  const age = job.usageTimeMs === undefined ? 0 : (nowMs - job.usageTimeMs) / 1000;
  if (age > SILENT_SECONDS) {
    const text = `nothing measured for ${formatSpan(age)}`;
    found.push({ concern: concernOf(job, 'silent', text), weight: age / 1e9 });
  }
  return found;
}

/** What findings of harm mean for a job that runs; those of others do not end it. */
const MEMORY_TROUBLES: Readonly<Record<string, string>> = {
  'memory-killed': 'processes were killed for memory, ',
  'memory-near-limit': '',
  'memory-grows': 'memory grows, ',
};

function memoryTroublesOf(job: RunningJob): Weighed[] {
  const { memoryLimitMb = 0, memoryUsageMb, findings = [] } = job;
  const kind = findings.find(
    (one) => one.severity === 'harm' && MEMORY_TROUBLES[one.kind] !== undefined,
  )?.kind;
  if (kind === undefined) return [];
  const limit = memoryLimitMb > 0 ? ` of ${formatMb(memoryLimitMb)}` : '';
  const text = `${MEMORY_TROUBLES[kind]}${formatMb(memoryUsageMb)}${limit} memory now`;
  const share = memoryLimitMb > 0 ? memoryUsageMb / memoryLimitMb : 0;
  return [{ concern: concernOf(job, kind, text), weight: 3 + share }];
}
