import { formatCount, formatMb, formatPercent, formatSeconds } from '../domain/figures.ts';
import type { Verdict } from '../domain/finding/verdict.ts';
import { drawTable, harmless, ink, type Paper, wrap } from './paper.ts';
import { describeJudged, renderFindings, renderSoftly } from './verdict-text.ts';

interface Spread {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly upper_quartile: number;
  readonly max: number;
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
}

const WIDTH = 80;

/** Renders an array for a terminal of 80 columns: facts, verdict, and how its tasks are spread. */
export function renderArrayText(array: ArrayReport, verdict: Verdict, paper: Paper): string {
  const { array_job_id, name, states } = array;
  const title = ['array', array_job_id, name].filter(Boolean).join(' ');
  const counts = states.map(
    ({ state, raw_state, tasks }) => `${tasks} ${(raw_state ?? state).toLowerCase().replaceAll('_', ' ')}`,
  );
  return [
    `${ink(paper, 'bold', harmless(title))}\n${wrap(harmless(holdingsOf(array).join(', ')), WIDTH)}${wrap(harmless(counts.join(', ')), WIDTH)}`,
    renderFindings(verdict, paper),
    renderSpreads(array, paper),
    renderSoftly(describeJudged(verdict), paper),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function holdingsOf(array: ArrayReport): string[] {
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

const HEAD = ['of the tasks', 'least', 'half', '75 %', 'most', 'measured'];
const ALIGNS = ['left', 'right', 'right', 'right', 'right', 'right'] as const;

function renderSpreads(array: ArrayReport, paper: Paper): string {
  const row = (name: string, spread: Spread | undefined, write: (value: number) => string) =>
    spread
      ? [
          [
            name,
            ...[spread.min, spread.median, spread.upper_quartile, spread.max].map(write),
            String(spread.count),
          ],
        ]
      : [];
  const rows = [
    ...row('runtime', array.runtime_seconds, formatSeconds),
    ...row('CPU', array.cpu_usage, formatPercent),
    ...row('memory', array.memory_peak_mb, formatMb),
    ...row('GPU', array.gpu_usage, formatPercent),
  ];
  return rows.length === 0 ? '' : drawTable([HEAD.map((cell) => ink(paper, 'soft', cell)), ...rows], ALIGNS);
}
