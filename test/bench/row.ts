/** One line of the table of figures. */
export interface Row {
  readonly what: string;
  readonly floor: string;
  readonly ours: string;
  /** The figure that the budget is about, as text. */
  readonly figure: string;
  readonly budget: string;
  readonly isHeld: boolean;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** A Markdown table, its columns aligned. */
export function renderRows(rows: readonly Row[]): string {
  const head = ['what', 'floor', 'ours', 'figure', 'budget', 'held'];
  const lines = rows.map((row) => [
    row.what,
    row.floor,
    row.ours,
    row.figure,
    row.budget,
    row.isHeld ? 'yes' : 'NO',
  ]);
  const widths = head.map((name, column) =>
    Math.max(name.length, ...lines.map((line) => line[column]!.length)),
  );
  const render = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`;
  return render(head) + render(widths.map((width) => '-'.repeat(width))) + lines.map(render).join('');
}
