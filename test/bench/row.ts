/** One line of the table of figures. */
export interface Row {
  readonly what: string;
  readonly floor: string;
  readonly ours: string;
  /** The figure that the budget limits, as text. */
  readonly figure: string;
  readonly budget: string;
  /** Undefined for a figure without a budget, or one that could not be measured. */
  readonly isHeld: boolean | undefined;
}

/**
 * Whether a figure is within its budget; undefined if there is no figure (NaN), as without any measurement.
 */
export const isAtMost = (figure: number, budget: number): boolean | undefined =>
  Number.isNaN(figure) ? undefined : figure <= budget;
export const isAtLeast = (figure: number, budget: number): boolean | undefined =>
  Number.isNaN(figure) ? undefined : figure >= budget;

/** Returns the row of something that this version of the service cannot do. */
export const notThereYet = (what: string, budget: string): Row => ({
  what,
  floor: '',
  ours: '',
  figure: 'not there yet',
  budget,
  isHeld: undefined,
});

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Returns the value below which `share` of all values lie; NaN if there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Writes 1000000 as "1,000,000". */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en');

/** Renders a Markdown table with aligned columns. */
export function renderRows(rows: readonly Row[]): string {
  const head = ['what', 'floor', 'ours', 'ratio', 'budget', 'held'];
  const lines = rows.map(({ what, floor, ours, figure, budget, isHeld }) => {
    const held = isHeld ? 'yes' : 'NO';
    return [what, floor, ours, figure, budget, isHeld === undefined ? '' : held];
  });
  const widths = head.map((name, column) =>
    Math.max(name.length, ...lines.map((line) => line[column]!.length)),
  );
  const render = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`;
  return render(head) + render(widths.map((width) => '-'.repeat(width))) + lines.map(render).join('');
}
