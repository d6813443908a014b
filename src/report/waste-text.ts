import { formatAmount, formatCount, formatPercent, groupDigits } from '../domain/figures.ts';
import { cut, drawTable, harmless, ink, type Paper, wrap } from './paper.ts';

interface Wasted {
  readonly held: number;
  readonly unmeasured: number;
  readonly used?: number;
  readonly wasted?: number;
  readonly share?: number;
}

interface WasteFields {
  readonly jobs: number;
  readonly gpu_hours?: Wasted;
  readonly cpu_hours?: Wasted;
  readonly memory_gb_hours?: Wasted;
}

/** What a report of waste is made of, as `GET /v1/waste` has it. */
export interface WasteReport {
  readonly group_by: string;
  readonly since: string;
  readonly until: string;
  readonly rows: readonly (WasteFields & { readonly name?: string })[];
  readonly total: number;
  readonly sum: WasteFields;
  readonly is_behind?: boolean;
}

const NAME_COLUMNS = 16;
const COLUMNS = 80;
const BEHIND = 'Many ended jobs are not counted yet; ask again in some minutes.\n';
const UNITS = { gpu_hours: 'GPU h', cpu_hours: 'CPU h', memory_gb_hours: 'GB h' } as const;
type Field = keyof typeof UNITS;

/**
 * Renders who wasted what, in at most 80 columns: of GPUs and CPUs, or of CPUs and memory where there are no
 * GPUs.
 */
export function renderWasteText(
  { group_by, since, until, rows, total, sum, is_behind }: WasteReport,
  paper: Paper,
): string {
  const range = `from ${dayOf(since)} to ${dayOf(until)} UTC`;
  if (total === 0) return is_behind ? BEHIND : `No job ended ${range}.\n`;
  const fields: readonly Field[] = sum.gpu_hours
    ? ['gpu_hours', 'cpu_hours']
    : ['cpu_hours', 'memory_gb_hours'];
  const head = [group_by, 'jobs', ...fields.flatMap((field) => [UNITS[field], 'of all', 'used'])];
  const aligns = head.map((_, column) => (column === 0 ? ('left' as const) : ('right' as const)));
  const cells = rows.map(({ name, ...row }) => [
    name === undefined ? ink(paper, 'soft', 'none') : cut(paper, harmless(name), NAME_COLUMNS),
    groupDigits(row.jobs),
    ...fields.flatMap((field) => cellsOf(row[field])),
  ]);
  return [
    wrap(`Held, measured and not used by jobs that ended ${range}:`, COLUMNS),
    '\n',
    drawTable([head.map((cell) => ink(paper, 'soft', cell)), ...cells], aligns),
    '\n',
    ...fields.map((field) => describeSum(sum[field], UNITS[field])),
    total > rows.length
      ? `${formatCount(total - rows.length, 'more row')} wasted less; --limit shows more.\n`
      : '',
    is_behind ? BEHIND : '',
  ].join('');
}

/** Wasted, its share of all, and used of measured. */
function cellsOf(amount: Wasted | undefined): string[] {
  if (amount?.wasted === undefined) return ['', '', ''];
  const { held, unmeasured, used = 0, wasted, share } = amount;
  return [
    formatAmount(wasted),
    share === undefined ? '' : formatPercent(100 * share),
    formatPercent((100 * used) / (held - unmeasured)),
  ];
}

function describeSum(amount: Wasted | undefined, unit: string): string {
  if (!amount) return '';
  const { held, unmeasured, used, wasted } = amount;
  const parts = [
    ...(wasted === undefined ? [] : [`${formatAmount(wasted)} wasted`, `${formatAmount(used ?? 0)} used`]),
    ...(unmeasured > 0 ? [`${formatAmount(unmeasured)} not measured`] : []),
  ];
  return wrap(`${formatAmount(held)} ${unit} held: ${parts.join(', ')}.`, COLUMNS);
}

/** Writes `2026-01-20T10:00:00.000Z` as `2026-01-20 10:00`, and midnight as the day alone. */
const dayOf = (time: string): string => time.slice(0, 16).replace('T00:00', '').replace('T', ' ');
