import { formatMb, formatPercent, formatSeconds } from '../domain/figures.ts';
import { hasEnded, type Job } from '../domain/job.ts';
import { describeState, secondsOf } from './job-facts.ts';
import { drawTable, harmless, type Ink, ink, type Paper } from './paper.ts';

const HEAD = [
  'job',
  'state',
  'user',
  'name',
  'partition',
  'nodes',
  'CPUs',
  'GPUs',
  'ran',
  'CPU',
  'memory',
  'GPU',
];
const ALIGNS = [
  'left',
  'left',
  'left',
  'left',
  'left',
  'right',
  'right',
  'right',
  'right',
  'right',
  'right',
  'right',
] as const;
const MAX_NAME = 20;

/** Renders jobs as a table, one a line. What was not measured is empty. */
export function renderJobTable(jobs: readonly Job[], paper: Paper, nowMs: number): string {
  const head = HEAD.map((cell) => ink(paper, 'soft', cell));
  return drawTable([head, ...jobs.map((job) => rowOf(job, paper, nowMs))], ALIGNS);
}

const STATE_INK: Partial<Record<Job['state'], Ink>> = { running: 'accent', failed: 'harm' };

function rowOf(job: Job, paper: Paper, nowMs: number): string[] {
  const { name = '', partition = '', cpus, gpus } = job.details ?? {};
  const isMeasured = job.usageTimeMs !== undefined;
  return [
    harmless(job.id),
    ink(paper, STATE_INK[job.state], harmless(describeState(job))),
    harmless(job.user),
    harmless([...name].slice(0, MAX_NAME).join('')),
    harmless(partition),
    job.nodes.length === 0 ? '' : String(job.nodes.length),
    cpus === undefined ? '' : String(cpus),
    gpus ? String(gpus) : '',
    job.startTimeMs === undefined ? '' : describeTime(job, nowMs),
    isMeasured ? formatPercent(job.cpuUsage) : '',
    isMeasured ? formatMb(job.memoryUsageMb) : '',
    isMeasured && job.gpuUsage !== undefined ? formatPercent(job.gpuUsage) : '',
  ];
}

/** How long it ran; of what runs still, of how much. */
function describeTime(job: Job, nowMs: number): string {
  const ran = formatSeconds(secondsOf(job, nowMs));
  const limit = job.details?.timeLimitSeconds;
  return hasEnded(job.state) || !limit ? ran : `${ran} of ${formatSeconds(limit)}`;
}
