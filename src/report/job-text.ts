import { formatCount, formatMb, formatPercent, formatSeconds } from '../domain/figures.ts';
import type { Subject } from '../domain/finding/finding.ts';
import type { Verdict } from '../domain/finding/verdict.ts';
import type { Job } from '../domain/job.ts';
import type { Energy } from '../domain/measure-summary.ts';
import { type Sizing, scriptLines } from '../domain/sizing/sizing.ts';
import type { JobSummary, NodeSummary } from '../domain/store/samples.ts';
import { describeState, holdingsOf, lifeOf, secondsOf } from './job-facts.ts';
import { cut, drawBar, drawTable, harmless, type Ink, ink, type Paper, wrap } from './paper.ts';
import { describeJudged, renderFindings, renderSoftly, SEVERITY_INK } from './verdict-text.ts';

/** What a report of a run is made of. */
export interface JobReport {
  readonly job: Job;
  readonly summary: JobSummary;
  readonly verdict: Verdict;
  /** What the next run needs; left out where nobody asked. */
  readonly sizing?: Sizing;
  /** The number of the run and how many there are; left out for a job with one. */
  readonly run?: { readonly number: number; readonly of: number };
}

export interface ReportOptions {
  readonly paper: Paper;
  readonly nowMs: number;
  /** Writes a time for the reader. */
  readonly formatTime: (timeMs: number) => string;
}

const WIDTH = 80;
const BAR_WIDTH = 20;
/** Beside the state and the number of the run. */
const MAX_TITLE = 40;
const MAX_NODE = 28;
/** More nodes would push the findings off the screen. */
const MAX_NODES = 12;

/** Renders a run for a terminal of 80 columns: facts, verdict, bars, nodes and GPUs. */
export function renderJobText(report: JobReport, options: ReportOptions): string {
  return [
    renderTitle(report, options),
    renderFindings(report.verdict, options.paper),
    renderSizing(report),
    renderBars(report, options),
    renderNodes(report.summary.nodes, options.paper),
    renderRest(report, options),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const STATE_INK: Partial<Record<Job['state'], Ink>> = { running: 'accent', failed: 'harm' };

function renderTitle({ job, run }: JobReport, { paper, nowMs, formatTime }: ReportOptions): string {
  const { name } = job.details ?? {};
  const title = ink(
    paper,
    'bold',
    cut(paper, harmless(['job', job.id, name].filter(Boolean).join(' ')), MAX_TITLE),
  );
  const number = run && run.of > 1 ? `, run ${run.number} of ${run.of}` : '';
  return [
    `${title}  ${ink(paper, STATE_INK[job.state], harmless(describeState(job)))}${number}\n`,
    wrapParts(holdingsOf(job)),
    wrapParts(lifeOf(job, nowMs, formatTime)),
  ].join('');
}

const NO_BREAK = '\u00a0';

/** Joins parts with commas, and breaks lines between them only. */
const wrapParts = (parts: readonly string[]): string =>
  wrap(parts.map((part) => harmless(part).replaceAll(' ', NO_BREAK)).join(', '), WIDTH).replaceAll(
    NO_BREAK,
    ' ',
  );

/** Says what the next run needs, as lines to be copied; nothing if it is not known. */
function renderSizing({ job, sizing }: JobReport): string {
  if (!sizing || sizing.lack !== undefined) return '';
  const lines = scriptLines(sizing).map((line) => `  ${harmless(line)}\n`);
  const lead = job.state === 'pending' ? 'Before it starts, it could ask for:' : 'For the next:';
  const sentence = lines.length > 0 ? `${sizing.sentence} ${lead}` : sizing.sentence;
  return wrap(harmless(sentence), WIDTH) + lines.join('');
}

/** One bar: what it is, its share, and its figures. */
type Bar = readonly [label: string, share: number, figures: string, colour: Ink | undefined];

function renderBars(
  { job, summary: { whole }, verdict }: JobReport,
  { paper, nowMs }: ReportOptions,
): string {
  const { cpus, gpus, memoryLimitMb, timeLimitSeconds } = job.details ?? {};
  const colourOf = (subject: Subject): Ink | undefined =>
    SEVERITY_INK[verdict.findings.find((one) => one.subject === subject)?.severity ?? 'info'];
  const ofAll = (count: number | undefined, noun: string) =>
    count ? `of ${formatCount(count, noun)} on average` : 'on average';
  const bars: Bar[] = [];
  const { cpuUsage, memoryUsageMb, gpuUsage } = whole;
  if (cpuUsage) bars.push(['CPU', cpuUsage.mean / 100, ofAll(cpus, 'CPU'), colourOf('cpu')]);
  if (memoryUsageMb && memoryLimitMb) {
    const figures = `${formatMb(memoryUsageMb.max)} of ${formatMb(memoryLimitMb)} at most`;
    bars.push(['Memory', memoryUsageMb.max / memoryLimitMb, figures, colourOf('memory')]);
  }
  if (gpuUsage) bars.push(['GPU', gpuUsage.mean / 100, ofAll(gpus, 'GPU'), colourOf('gpu')]);
  if (timeLimitSeconds && job.startTimeMs !== undefined) {
    const seconds = secondsOf(job, nowMs);
    const figures = `${formatSeconds(seconds)} of ${formatSeconds(timeLimitSeconds)}`;
    bars.push(['Time', seconds / timeLimitSeconds, figures, colourOf('time')]);
  }
  return drawTable(
    bars.map(([label, share, figures, colour]) => [
      label,
      ink(paper, colour, drawBar(paper, share, BAR_WIDTH)),
      formatPercent(100 * share),
      figures,
    ]),
    ['left', 'left', 'right', 'left'],
  );
}

const NODE_HEAD = ['node', 'CPU mean', 'most', 'memory mean', 'most', 'GPU mean', 'most', 'samples'];

function renderNodes(nodes: readonly NodeSummary[], paper: Paper): string {
  if (nodes.length === 0) return '';
  const byUse = [...nodes].sort((one, other) => (one.cpuUsage?.mean ?? 0) - (other.cpuUsage?.mean ?? 0));
  const rows = byUse.slice(0, MAX_NODES).flatMap((node) => [nodeRow(node, paper), ...gpuRows(node)]);
  const left = nodes.length - MAX_NODES;
  const head = NODE_HEAD.map((cell) => ink(paper, 'soft', cell));
  const hasGpus = nodes.some(({ gpuUsage }) => gpuUsage);
  // Columns without a value only take room.
  const keep = (row: readonly string[]) =>
    row.filter((_, column) => hasGpus || (column !== 5 && column !== 6));
  const table = drawTable([head, ...rows].map(keep), [
    'left',
    ...Array.from({ length: hasGpus ? 7 : 5 }, () => 'right' as const),
  ]);
  return left > 0 ? `${table}and ${formatCount(left, 'busier node')}\n` : table;
}

const nodeRow = (
  { node, cpuUsage, memoryUsageMb, gpuUsage, samples }: NodeSummary,
  paper: Paper,
): string[] => [
  cut(paper, harmless(node), MAX_NODE),
  cpuUsage ? formatPercent(cpuUsage.mean) : '',
  cpuUsage ? formatPercent(cpuUsage.max) : '',
  memoryUsageMb ? formatMb(memoryUsageMb.mean) : '',
  memoryUsageMb ? formatMb(memoryUsageMb.max) : '',
  gpuUsage ? formatPercent(gpuUsage.mean) : '',
  gpuUsage ? formatPercent(gpuUsage.max) : '',
  String(samples),
];

const UUID_CHARACTERS = 12;

const gpuRows = ({ gpus = [] }: NodeSummary): string[][] =>
  gpus.map(({ gpu, utilizationPercent, memoryUsedBytes }) => [
    `  ${harmless(gpu.slice(0, UUID_CHARACTERS))}`,
    '',
    '',
    memoryUsedBytes ? formatMb(memoryUsedBytes.mean / 1024 ** 2) : '',
    memoryUsedBytes ? formatMb(memoryUsedBytes.max / 1024 ** 2) : '',
    utilizationPercent ? formatPercent(utilizationPercent.mean) : '',
    utilizationPercent ? formatPercent(utilizationPercent.max) : '',
    '',
  ]);

function renderRest({ verdict, summary }: JobReport, { paper }: ReportOptions): string {
  const energy = summary.whole.measured?.energy ?? [];
  const lines = [
    ...describeJudged(verdict),
    energy.length > 0 && `Energy: ${energy.map(describeEnergy).join(', ')}.`,
  ].filter((line) => line !== false);
  return renderSoftly(lines, paper);
}

const ENERGY_WORDS: Readonly<Record<Energy['method'], string>> = {
  gpu_power: 'GPUs',
  cpu_share: 'CPUs',
  node_share: 'share of the nodes',
};
const KWH = 3_600_000;

const describeEnergy = ({ method, joules, coverage }: Energy): string =>
  `${(joules / KWH).toFixed(joules < KWH ? 3 : 1)} kWh (${ENERGY_WORDS[method]}${
    coverage === undefined || coverage > 0.995
      ? ''
      : `, known for ${formatPercent(100 * coverage)} of the time`
  })`;
