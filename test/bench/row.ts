/** One line of the table of figures. */
export interface Row {
  readonly what: string;
  readonly floor: string;
  readonly ours: string;
  /** The figure that the budget is about, as text. */
  readonly figure: string;
  readonly budget: string;
  /** Undefined: a figure to look at, or one that cannot be taken yet. */
  readonly isHeld: boolean | undefined;
}

/** The row of something that this version of the service does not do. */
export const notThereYet = (what: string, budget: string): Row => ({
  what,
  floor: '',
  ours: '',
  figure: 'not there yet',
  budget,
  isHeld: undefined,
});

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** 1,000,000 */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en');

/** A Markdown table, its columns aligned. */
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
