import type { Job } from '../domain/job.ts';
import type { JobSummary } from '../domain/store/samples.ts';
import { secondsOf } from './job-facts.ts';
import { cut, drawTable, harmless, type Ink, ink, PLAIN } from './paper.ts';

/** A run with the summary of its samples. */
export interface Efficiency {
  readonly job: Job;
  readonly summary: JobSummary;
}

/**
 * Renders a run as `seff` does (slurm/contribs/seff), for those who are used to it and for scripts that read
 * it. CPU time is that of the samples. What was not measured is said, where seff would print 0.
 */
export function renderSeff({ job, summary: { whole } }: Efficiency, nowMs: number): string {
  const { cpus, memoryLimitMb, cluster, rawState, exitCode } = job.details ?? {};
  const seconds = secondsOf(job, nowMs);
  const state = rawState ?? job.state.toUpperCase();
  const nodes = job.nodes.length;
  const lines = [
    `Job ID: ${job.id}`,
    cluster !== undefined && `Cluster: ${cluster}`,
    `User: ${job.user}`,
    `State: ${state}${exitCode === undefined ? '' : ` (exit code ${exitCode})`}`,
    nodes > 1 && `Nodes: ${nodes}`,
    cpus !== undefined && (nodes > 1 ? `Cores per node: ${Math.round(cpus / nodes)}` : `Cores: ${cpus}`),
    ...cpuLines({ job, summary: { whole, nodes: [] } }, seconds),
    `Job Wall-clock time: ${writeClock(seconds)}`,
    whole.memoryUsageMb
      ? `Memory Utilized: ${writeGb(whole.memoryUsageMb.max)}`
      : 'Memory Utilized: not measured',
    whole.memoryUsageMb &&
      memoryLimitMb &&
      `Memory Efficiency: ${percentOf(whole.memoryUsageMb.max, memoryLimitMb)} of ${writeGb(memoryLimitMb)}`,
    (job.state === 'running' || job.state === 'pending') &&
      'WARNING: Efficiency statistics may be misleading for jobs that have not ended.',
  ];
  return lines
    .filter((line) => typeof line === 'string')
    .map((line) => `${harmless(line)}\n`)
    .join('');
}

function cpuLines({ job, summary: { whole } }: Efficiency, seconds: number): string[] {
  const cpus = job.details?.cpus;
  if (!whole.cpuUsage) return ['CPU Utilized: not measured'];
  if (cpus === undefined) return [`CPU Efficiency: ${whole.cpuUsage.mean.toFixed(2)}%`];
  const held = cpus * seconds;
  return [
    `CPU Utilized: ${writeClock((held * whole.cpuUsage.mean) / 100)}`,
    `CPU Efficiency: ${whole.cpuUsage.mean.toFixed(2)}% of ${writeClock(held)} core-walltime`,
  ];
}

const MAX_ID = 32;
const STATE_INK: Partial<Record<Job['state'], Ink>> = { running: 'accent', failed: 'harm' };
const HEAD = ['JobID', 'State', 'Elapsed', 'TimeEff', 'CPUEff', 'MemEff', 'GPUEff'];

/** Renders runs as a table as `reportseff` does (https://github.com/troycomi/reportseff), with GPUs. */
export function renderSeffTable(runs: readonly Efficiency[], nowMs: number, paper = PLAIN): string {
  const rows = runs.map(({ job, summary: { whole } }) => {
    const { memoryLimitMb, timeLimitSeconds, rawState } = job.details ?? {};
    const seconds = secondsOf(job, nowMs);
    const colour = STATE_INK[job.state];
    return [
      cut(paper, harmless(job.id), MAX_ID),
      ink(paper, colour, harmless(rawState ?? job.state.toUpperCase())),
      writeClock(seconds),
      timeLimitSeconds ? shortPercent(seconds, timeLimitSeconds) : '---',
      whole.cpuUsage ? shortPercent(whole.cpuUsage.mean, 100) : '---',
      whole.memoryUsageMb && memoryLimitMb ? shortPercent(whole.memoryUsageMb.max, memoryLimitMb) : '---',
      whole.gpuUsage ? shortPercent(whole.gpuUsage.mean, 100) : '---',
    ];
  });
  return drawTable([HEAD, ...rows], ['left', 'left', 'right', 'right', 'right', 'right', 'right']);
}

const percentOf = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)}%`;
const shortPercent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)}%`;
const writeGb = (mb: number): string => `${(mb / 1024).toFixed(2)} GB`;

/** Writes seconds as Slurm does: `HH:MM:SS`, `D-HH:MM:SS`. */
function writeClock(seconds: number): string {
  const whole = Math.round(seconds);
  const days = Math.floor(whole / 86_400);
  const clock = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  return days > 0 ? `${days}-${clock}` : clock;
}
