import { formatCount, formatSeconds } from '../domain/figures.ts';
import { drawTable, harmless, ink, type Paper } from './paper.ts';

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
const ALIGNS = ['left', 'right', 'right', 'right', 'right', 'right', 'left'] as const;

/** Renders who waits, and for what. */
export function renderQueueText(
  { jobs, user_count, partitions, reasons }: QueueReport,
  paper: Paper,
): string {
  if (jobs === 0) return 'No job waits.\n';
  const table = (title: string, rows: readonly string[][]) => {
    const head = [title, 'jobs', 'CPUs', 'GPUs', 'median', 'longest', ''].map((cell) =>
      ink(paper, 'soft', cell),
    );
    return drawTable([head, ...rows.slice(0, MAX_ROWS)], ALIGNS);
  };
  return [
    `${formatCount(jobs, 'job')} of ${formatCount(user_count, 'user')} ${jobs === 1 ? 'waits' : 'wait'}.\n`,
    table(
      'partition',
      partitions.map(({ partition = 'none', ...waiting }) => rowOf(partition, waiting)),
    ),
    table(
      'reason',
      reasons.map(({ reason = 'none', meaning, ...waiting }) => rowOf(reason, waiting, meaning)),
    ),
  ].join('\n');
}

const rowOf = (name: string, waiting: Waiting, meaning = ''): string[] => [
  harmless(name),
  String(waiting.jobs),
  waiting.cpus === undefined ? '' : String(waiting.cpus),
  waiting.gpus ? String(waiting.gpus) : '',
  waiting.median_wait_seconds === undefined ? '' : formatSeconds(waiting.median_wait_seconds),
  waiting.longest_wait_seconds === undefined ? '' : formatSeconds(waiting.longest_wait_seconds),
  meaning,
];
