import { formatCount, formatMb, formatPercent, formatSeconds } from '../figures.ts';
import { runtimeSeconds } from '../job.ts';
import type { RunningJob } from '../running-job.ts';

/** A running job that somebody should look at, by what is known of it now. */
export interface Concern {
  readonly jobId: string;
  readonly user: string;
  readonly name?: string;
  readonly kind: 'gpu-idle' | 'cpu-idle' | 'memory-near-limit' | 'time-nearly-over' | 'silent';
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
const HOUR = 60 * MINUTE;

/** IdleBot warns after this time; jobs that start are idle for a while. */
const LEAST_GPU_SECONDS = 15 * MINUTE;
const LEAST_CPU_SECONDS = HOUR;
const IDLE_GPU_PERCENT = 1;
const IDLE_CPU_PERCENT = 10;
const LEAST_IDLE_CPUS = 8;
const NEAR_MEMORY_LIMIT = 0.95;
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

/** GPUs come before CPUs, by the hours that they have been held. */
function wasteOf(job: RunningJob, seconds: number): Weighed | undefined {
  const { cpus = 0, gpus = 0 } = job;
  if (job.usageTimeMs === undefined) return undefined;
  if (gpus > 0 && (job.gpuUsage ?? 100) < IDLE_GPU_PERCENT && seconds >= LEAST_GPU_SECONDS)
    return {
      concern: concernOf(
        job,
        'gpu-idle',
        `${formatCount(gpus, 'GPU')} idle now, held for ${formatSpan(seconds)}`,
      ),
      weight: 1e9 + gpus * seconds,
    };
  const isIdle = gpus === 0 && cpus >= LEAST_IDLE_CPUS && job.cpuUsage < IDLE_CPU_PERCENT;
  if (!isIdle || seconds < LEAST_CPU_SECONDS) return undefined;
  const text = `${formatCount(cpus, 'CPU')} at ${formatPercent(job.cpuUsage)} now, held for ${formatSpan(seconds)}`;
  return { concern: concernOf(job, 'cpu-idle', text), weight: cpus * seconds };
}

/** What ends a job comes before what only might. */
function troublesOf(job: RunningJob, seconds: number, nowMs: number): Weighed[] {
  const { memoryLimitMb = 0, timeLimitSeconds = 0 } = job;
  const found: Weighed[] = [];
  const memory = memoryLimitMb > 0 && job.usageTimeMs !== undefined ? job.memoryUsageMb / memoryLimitMb : 0;
  if (memory >= NEAR_MEMORY_LIMIT) {
    const text = `${formatMb(job.memoryUsageMb)} of ${formatMb(memoryLimitMb)} memory`;
    found.push({ concern: concernOf(job, 'memory-near-limit', text), weight: 3 + memory });
  }
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
