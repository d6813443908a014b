import { formatAmount, formatCount, formatMb, formatPercent, groupDigits } from '../domain/figures.ts';
import type { Job } from '../domain/job.ts';
import { jobColumns } from './job-table.ts';
import { cut, harmless, type Ink, ink, type Paper, widthOf } from './paper.ts';
import { renderTable } from './table.ts';

/** How the screen hears of changes. */
export type TopConnection =
  | { readonly state: 'connecting' | 'live' | 'paused' }
  | { readonly state: 'lost'; readonly sinceMs: number; readonly why: string };

interface Amount {
  readonly total?: number;
  readonly allocated: number;
  readonly used?: number;
}

/** What of the cluster stands above the jobs, as `GET /v1/overview` has it. */
export interface TopOverview {
  readonly running: number;
  readonly pending: number;
  readonly cpus: Amount;
  readonly memory_mb: Amount;
  readonly gpus: Amount;
}

/** The keys that sort, by the name of the sort in `GET /v1/jobs`. */
export const TOP_SORTS = {
  cpu_usage: { key: 'c', head: 'CPU', name: 'CPU usage' },
  memory_usage: { key: 'm', head: 'memory', name: 'memory' },
  gpu_usage: { key: 'g', head: 'GPU', name: 'GPU usage' },
  runtime: { key: 't', head: 'ran', name: 'time' },
  start_time: { key: 'n', head: '', name: 'newest start' },
  wait: { key: 'w', head: '', name: 'wait' },
} as const;
export type TopSort = keyof typeof TOP_SORTS;

/** What is shown beside or instead of the jobs. */
export type TopPage =
  | { readonly kind: 'list' }
  | { readonly kind: 'help' }
  | { readonly kind: 'filter'; readonly draft: string; readonly fault?: string }
  | {
      readonly kind: 'report';
      readonly jobId: string;
      readonly lines: readonly string[];
      readonly scroll: number;
    };

/** Everything that the screen shows. */
export interface TopState {
  readonly columns: number;
  readonly rows: number;
  readonly place: string;
  readonly connection: TopConnection;
  readonly overview?: TopOverview;
  /** Jobs from `offset` of the list on, and how many it has; none before the first answer. */
  readonly list?: { readonly jobs: readonly Job[]; readonly offset: number; readonly total: number };
  /** Index in the list of the first job on the screen, and of the selected one. */
  readonly first: number;
  readonly selected: number;
  /** Whose jobs are listed; left out for those of everybody. */
  readonly user?: string;
  /** The name of the reader. */
  readonly self: string;
  /** Whether the reader may see jobs of others. */
  readonly seesOthers: boolean;
  readonly filter: string;
  readonly sort: TopSort;
  readonly isAscending: boolean;
  readonly page: TopPage;
  /** What went wrong with the last key. */
  readonly message?: string;
}

const HELP = [
  '↑ ↓ PgUp PgDn Home End   select a job (also k j)',
  'Enter                    its report; q or Esc leads back',
  '/                        filter, as on the pages: user:alice gpus>=1 gpu<10',
  'a                        own jobs, or those of everybody',
  'c m g t                  sort by CPU, memory, GPU, time',
  'n w                      sort by start, wait',
  'r                        reverse the order',
  'p                        hold still, go on',
  'Ctrl-L                   draw again',
  'q                        quit',
];
const KEYS_SHOWN = '/ filter  Enter report  cmgtnw sort  r reverse  a all  p pause  ? help  q quit';

/** The lines above the jobs: title, three bars, what is listed, head of the table. */
const HEAD_LINES = 6;
/** And the keys below. */
const FOOT_LINES = 1;
const BAR_WIDTH = 24;

/** Returns how many jobs fit on the screen. */
export const jobsOnScreen = ({ rows }: Pick<TopState, 'rows'>): number =>
  Math.max(1, rows - HEAD_LINES - FOOT_LINES);

/** Returns how many lines of a report fit on the screen. */
export const linesOnScreen = ({ rows }: Pick<TopState, 'rows'>): number => Math.max(1, rows - 1 - FOOT_LINES);

interface Drawing {
  readonly paper: Paper;
  readonly nowMs: number;
  /** Writes the time of day for the reader: 18:20:31. */
  readonly formatClock: (timeMs: number) => string;
}

/** Renders the screen: exactly `rows` lines, none wider than `columns`. */
export function renderTop(state: TopState, drawing: Drawing): string[] {
  const { columns, rows } = state;
  const paper = { ...drawing.paper, columns };
  const body = [titleOf(state, { ...drawing, paper }), ...bodyOf(state, paper, drawing.nowMs)];
  const lines = [...body.slice(0, rows - FOOT_LINES)];
  while (lines.length < rows - FOOT_LINES) lines.push('');
  return [...lines, footOf(state, paper)].slice(-rows).map((line) => cut(paper, line, columns));
}

/** Renders cluster and jobs once, for a file or a pipe. */
export function renderTopOnce(state: TopState, { paper, nowMs }: Drawing): string {
  const rows = (state.list?.jobs.length ?? 0) + HEAD_LINES + FOOT_LINES;
  const lines = [...barsOf(state, paper), summaryOf({ ...state, rows }), ...tableOf(state, paper, nowMs)];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function bodyOf(state: TopState, paper: Paper, nowMs: number): string[] {
  const { page } = state;
  if (page.kind === 'help') return ['', ...HELP.map((line) => `  ${symbols(paper, line)}`)];
  if (page.kind === 'report') return page.lines.slice(page.scroll, page.scroll + linesOnScreen(state));
  const [head = '', ...jobs] = tableOf(state, paper, nowMs);
  const { list } = state;
  const shown = list ? jobs.slice(state.first - list.offset).slice(0, jobsOnScreen(state)) : [];
  return [...barsOf(state, paper), summaryOf(state), head, ...(shown.length > 0 ? shown : [emptyOf(state)])];
}

/** Writes what a paper without symbols cannot show in words. */
const symbols = ({ hasSymbols }: Paper, text: string): string =>
  hasSymbols ? text : text.replace('↑ ↓', 'up down');

const SIGNS: Record<TopConnection['state'], string> = {
  connecting: '◌ connecting',
  live: '● live',
  paused: '‖ paused (p goes on)',
  lost: '✕ no connection',
};

const SIGN_INKS: Record<TopConnection['state'], Ink> = {
  connecting: 'soft',
  live: 'accent',
  paused: 'waste',
  lost: 'harm',
};

function titleOf(
  { place, connection, columns, overview }: TopState,
  { paper, nowMs, formatClock }: Drawing,
): string {
  const sign = paper.hasSymbols ? SIGNS[connection.state] : SIGNS[connection.state].slice(2);
  const since =
    connection.state === 'lost' ? ` since ${formatClock(connection.sinceMs)}: ${connection.why}` : '';
  const clock = formatClock(nowMs);
  const parts = [
    ink(paper, 'bold', cut(paper, `hpc-observe ${harmless(place)}`, columns >> 1)),
    connection.state !== 'lost' &&
      overview &&
      `${groupDigits(overview.running)} running, ${groupDigits(overview.pending)} waiting`,
    ink(paper, SIGN_INKS[connection.state], harmless(sign + since)),
  ];
  const left = cut(paper, parts.filter(Boolean).join('  '), columns - clock.length - 2);
  return `${left}${' '.repeat(Math.max(1, columns - clock.length - widthOf(left)))}${clock}`;
}

function barsOf({ overview }: TopState, paper: Paper): string[] {
  if (!overview) return ['', '', ''];
  const { cpus, memory_mb, gpus } = overview;
  return [
    barOf('CPU', cpus, formatAmount, paper),
    barOf('memory', memory_mb, formatMb, paper),
    barOf('GPU', gpus, formatAmount, paper),
  ];
}

/** What is used, given and there, in one bar of two tones. */
function barOf(
  label: string,
  { total, allocated, used }: Amount,
  format: (amount: number) => string,
  paper: Paper,
): string {
  const whole = total ?? allocated;
  if (whole === 0) return ink(paper, 'soft', `${label.padEnd(7)}none`);
  const cells = (amount: number) => Math.min(BAR_WIDTH, Math.round((BAR_WIDTH * amount) / whole));
  const [full, given] = [cells(used ?? 0), cells(allocated)];
  const [dark, light, rest] = paper.hasSymbols ? ['█', '▒', '·'] : ['#', '=', '.'];
  const bar = dark!.repeat(full).padEnd(given, light).padEnd(BAR_WIDTH, rest);
  const inUse =
    used === undefined ? 'use not measured' : `${format(used)} used (${formatPercent((100 * used) / whole)})`;
  const holders = total === undefined ? '' : ` of ${format(total)}`;
  return `${label.padEnd(7)}${ink(paper, 'accent', bar)}  ${inUse}, ${format(allocated)} given${holders}`;
}

/** Says which jobs are listed, and in which order. */
function summaryOf({ list, user, filter, sort, isAscending, first, rows }: TopState): string {
  if (!list) return '';
  const last = Math.min(first + jobsOnScreen({ rows }), list.total);
  const isPart = list.total > last - first;
  const count = isPart
    ? `${first + 1} to ${last} of ${formatCount(list.total, 'job')}`
    : formatCount(list.total, 'job');
  const whose = user === undefined ? 'everybody' : user;
  const order = `by ${TOP_SORTS[sort].name}${isAscending ? ', reversed' : ''}`;
  return harmless(`${count} of ${whose} ${order}${filter === '' ? '' : `: ${filter}`}`);
}

/** The head of the table and a line for each job that is known. */
function tableOf(state: TopState, paper: Paper, nowMs: number): string[] {
  const { list, sort, isAscending, selected, columns } = state;
  if (!list) return [''];
  const arrow = paper.hasSymbols ? (isAscending ? '▲' : '▼') : isAscending ? '^' : 'v';
  const isOnScreen = paper.columns !== undefined;
  const table = jobColumns(nowMs).map((column) =>
    isOnScreen && column.head === TOP_SORTS[sort].head
      ? { ...column, head: column.head + arrow, rank: 0 }
      : column,
  );
  // One column for the mark of the selected job.
  const text = renderTable(list.jobs, table, { ...paper, ...(isOnScreen && { columns: columns - 1 }) });
  const [head = '', ...lines] = text.trimEnd().split('\n');
  if (!isOnScreen) return [head, ...lines];
  const mark = ({ index, line }: { index: number; line: string }) =>
    list.offset + index === selected ? choose(paper, `>${line}`, columns) : ` ${line}`;
  return [` ${head}`, ...lines.map((line, index) => mark({ index, line }))];
}

/** Shows a line as the selected one: a terminal turns its colours round. */
const choose = (paper: Paper, line: string, columns: number): string => {
  const plain = Bun.stripANSI(line);
  return ink(paper, 'chosen', plain + ' '.repeat(Math.max(0, columns - widthOf(plain))));
};

const emptyOf = ({ list, user, seesOthers, connection }: TopState): string => {
  if (!list) return connection.state === 'lost' ? '' : ' …';
  if (list.total > 0) return ' …';
  return user === undefined || !seesOthers
    ? ' No job runs or waits.'
    : ` No job of ${harmless(user)} runs or waits; a shows those of everybody.`;
};

function footOf({ page, message }: TopState, paper: Paper): string {
  if (page.kind === 'filter') {
    const fault = page.fault === undefined ? '' : `  ${ink(paper, 'harm', harmless(page.fault))}`;
    return `${ink(paper, 'bold', 'Filter:')} ${harmless(page.draft)}${paper.hasSymbols ? '▏' : '_'}${fault}`;
  }
  if (message !== undefined) return ink(paper, 'waste', harmless(message));
  if (page.kind === 'report') return ink(paper, 'soft', reportFootOf(page));
  return ink(paper, 'soft', page.kind === 'help' ? 'any key leads back' : KEYS_SHOWN);
}

function reportFootOf({ lines, scroll }: Extract<TopPage, { kind: 'report' }>): string {
  return `q back  up down scroll  ${formatCount(lines.length, 'line')}${scroll > 0 ? `, from ${scroll + 1}` : ''}`;
}
