import { formatCount, formatSeconds } from '../domain/figures.ts';
import { harmless, type Paper } from './paper.ts';
import { type Column, renderTable } from './table.ts';

interface Waiting {
  readonly jobs: number;
  readonly cpus?: number;
  readonly gpus?: number;
  readonly median_wait_seconds?: number;
  readonly longest_wait_seconds?: number;
}

/** What a report of the queue is made of, as `GET /v1/queue` has it. */
export interface QueueReport {
  readonly jobs: number;
  readonly user_count: number;
  readonly partitions: readonly (Waiting & { readonly partition?: string })[];
  readonly reasons: readonly (Waiting & { readonly reason?: string; readonly meaning?: string })[];
}

const MAX_ROWS = 15;

/** One line: what waits under which name. */
interface Row extends Waiting {
  readonly name: string;
  readonly meaning?: string;
}

/** Renders who waits, and for what. */
export function renderQueueText(
  { jobs, user_count, partitions, reasons }: QueueReport,
  paper: Paper,
): string {
  if (jobs === 0) return 'No job waits.\n';
  const table = (title: string, rows: readonly Row[]) =>
    renderTable(rows.slice(0, MAX_ROWS), columnsOf(title), paper);
  return [
    `${formatCount(jobs, 'job')} of ${formatCount(user_count, 'user')} ${jobs === 1 ? 'waits' : 'wait'}.\n`,
    table(
      'partition',
      partitions.map(({ partition = 'none', ...waiting }) => ({ name: partition, ...waiting })),
    ),
    table(
      'reason',
      reasons.map(({ reason = 'none', ...waiting }) => ({ name: reason, ...waiting })),
    ),
  ].join('\n');
}

const columnsOf = (title: string): Column<Row>[] => [
  { head: title, align: 'left', rank: 0, cell: ({ name }) => harmless(name) },
  { head: 'jobs', align: 'right', rank: 0, cell: ({ jobs }) => String(jobs) },
  { head: 'CPUs', align: 'right', rank: 1, cell: ({ cpus }) => String(cpus ?? '') },
  { head: 'GPUs', align: 'right', rank: 1, cell: ({ gpus }) => String(gpus || '') },
  { head: 'median', align: 'right', rank: 2, cell: (row) => timeOf(row.median_wait_seconds) },
  { head: 'longest', align: 'right', rank: 3, cell: (row) => timeOf(row.longest_wait_seconds) },
  { head: '', align: 'left', rank: 4, least: 20, cell: ({ meaning = '' }) => harmless(meaning) },
];

const timeOf = (seconds: number | undefined): string => (seconds === undefined ? '' : formatSeconds(seconds));
