import type { Verdict } from '../domain/finding/verdict.ts';
import { type ArrayReport, arrayHoldings, arrayMeasures, arrayOutliers, arrayStates } from './array-facts.ts';
import { drawTable, harmless, ink, type Paper, wrap } from './paper.ts';
import { describeJudged, renderFindings, renderSoftly } from './verdict-text.ts';

const WIDTH = 80;
/** Tasks that stand out in one line. */
const MAX_TASKS = 3;

/**
 * Renders an array for a terminal of 80 columns: facts, verdict, how its tasks are spread, and which stand
 * out.
 */
export function renderArrayText(array: ArrayReport, verdict: Verdict, paper: Paper): string {
  const { array_job_id, name } = array;
  const title = ['array', array_job_id, name].filter(Boolean).join(' ');
  const facts = [arrayHoldings(array), arrayStates(array)].map((list) =>
    wrap(harmless(list.join(', ')), WIDTH),
  );
  return [
    `${ink(paper, 'bold', harmless(title))}\n${facts.join('')}`,
    renderFindings(verdict, paper),
    renderSpreads(array, paper),
    renderOutliers(array, paper),
    renderSoftly(describeJudged(verdict), paper),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const HEAD = ['of the tasks', 'least', 'half', '75 %', 'most', 'measured'];
const ALIGNS = ['left', 'right', 'right', 'right', 'right', 'right'] as const;

function renderSpreads(array: ArrayReport, paper: Paper): string {
  const rows = arrayMeasures(array).map(({ label, spread, write }) => [
    label,
    ...[spread.min, spread.median, spread.upper_quartile, spread.max].map(write),
    String(spread.count),
  ]);
  return rows.length === 0 ? '' : drawTable([HEAD.map((cell) => ink(paper, 'soft', cell)), ...rows], ALIGNS);
}

function renderOutliers(array: ArrayReport, paper: Paper): string {
  const rows = arrayOutliers(array, MAX_TASKS).map(({ label, tasks }) => [label, harmless(tasks.join(', '))]);
  if (rows.length === 0) return '';
  const head = [ink(paper, 'soft', 'stand out'), ink(paper, 'soft', 'task, and its figure')];
  return drawTable([head, ...rows], ['left', 'left']);
}
