import { formatMb, formatPercent, formatSeconds } from '../domain/figures.ts';
import { hasEnded, type Job } from '../domain/job.ts';
import { describeState, secondsOf } from './job-facts.ts';
import { harmless, type Ink, type Paper } from './paper.ts';
import { type Column, renderTable } from './table.ts';
import { SEVERITY_INK } from './verdict-text.ts';

/** Ids of job arrays have a list of tasks, and names any length. */
const [MAX_ID, MAX_NAME] = [24, 20];

const STATE_INK: Partial<Record<Job['state'], Ink>> = { running: 'accent', failed: 'harm' };

/** The columns of lists of jobs. What was not measured is empty. */
export const jobColumns = (nowMs: number): Column<Job>[] => [
  { head: 'job', align: 'left', rank: 0, most: MAX_ID, cell: ({ id }) => harmless(id) },
  {
    head: 'state',
    align: 'left',
    rank: 0,
    cell: (job) => harmless(describeState(job)),
    ink: ({ state }) => STATE_INK[state],
  },
  { head: 'user', align: 'left', rank: 3, most: MAX_NAME, cell: ({ user }) => harmless(user) },
  {
    head: 'name',
    align: 'left',
    rank: 6,
    most: MAX_NAME,
    least: 8,
    cell: ({ details }) => harmless(details?.name ?? ''),
  },
  {
    head: 'partition',
    align: 'left',
    rank: 8,
    most: MAX_NAME,
    cell: ({ details }) => harmless(details?.partition ?? ''),
  },
  { head: 'nodes', align: 'right', rank: 9, cell: ({ nodes }) => countOf(nodes.length) },
  { head: 'CPUs', align: 'right', rank: 5, cell: ({ details }) => countOf(details?.cpus) },
  { head: 'GPUs', align: 'right', rank: 5, cell: ({ details }) => countOf(details?.gpus) },
  {
    head: 'ran',
    align: 'right',
    rank: 0,
    cell: (job) => (job.startTimeMs === undefined ? '' : formatSeconds(secondsOf(job, nowMs))),
  },
  { head: 'limit', align: 'right', rank: 7, cell: limitOf },
  {
    head: 'CPU',
    align: 'right',
    rank: 1,
    cell: (job) => (isMeasured(job) ? formatPercent(job.cpuUsage) : ''),
  },
  {
    head: 'memory',
    align: 'right',
    rank: 2,
    cell: (job) => (isMeasured(job) ? formatMb(job.memoryUsageMb) : ''),
  },
  {
    head: 'GPU',
    align: 'right',
    rank: 1,
    cell: ({ gpuUsage }) => (gpuUsage === undefined ? '' : formatPercent(gpuUsage)),
  },
  {
    head: 'finding',
    align: 'left',
    rank: 4,
    most: MAX_NAME,
    least: 8,
    cell: ({ finding }) => harmless(finding?.kind ?? ''),
    ink: ({ finding }) => finding && SEVERITY_INK[finding.severity],
  },
];

/** Renders jobs as a table, one a line. */
export const renderJobTable = (jobs: readonly Job[], paper: Paper, nowMs: number): string =>
  renderTable(jobs, jobColumns(nowMs), paper);

const countOf = (count: number | undefined): string => (count ? String(count) : '');
const isMeasured = ({ usageTimeMs }: Job): boolean => usageTimeMs !== undefined;

/** The time that a job may run, unless it ended. */
function limitOf({ state, details }: Job): string {
  const limit = details?.timeLimitSeconds;
  return hasEnded(state) || !limit ? '' : formatSeconds(limit);
}
