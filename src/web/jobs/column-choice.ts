// Which columns of the list are shown, and how that is written. Pure.

export interface ColumnSize {
  readonly name: string;
  readonly pixels: number;
  /** Of the usual columns, those with a small number fold first; absent if a column is not usual. */
  readonly rank?: number;
}

/**
 * Returns the usual columns that a screen has room for: those of small rank are left out first. The order
 * stays.
 */
export function fitColumns<Column extends ColumnSize>(columns: readonly Column[], pixels: number): Column[] {
  const usual = columns.filter(({ rank }) => rank !== undefined);
  let rest = pixels;
  const fitting = new Set<Column>();
  for (const column of usual.toSorted((one, other) => other.rank! - one.rank!)) {
    rest -= column.pixels;
    if (rest < 0 && fitting.size > 0) break;
    fitting.add(column);
  }
  return usual.filter((column) => fitting.has(column));
}

/** Reads a choice: `id,state,cpu`. Undefined for none, and if it names no column that there is. */
export function readChoice(text: string | null, columns: readonly ColumnSize[]): string[] | undefined {
  const names = text?.split(',').filter((name) => columns.some((column) => column.name === name)) ?? [];
  return names.length === 0 ? undefined : names;
}

/** Writes a choice in the order of the columns; undefined if it is the usual one. */
export function writeChoice(chosen: ReadonlySet<string>, columns: readonly ColumnSize[]): string | undefined {
  const isUsual = columns.every(({ name, rank }) => chosen.has(name) === (rank !== undefined));
  if (isUsual) return undefined;
  return columns
    .filter(({ name }) => chosen.has(name))
    .map(({ name }) => name)
    .join(',');
}
