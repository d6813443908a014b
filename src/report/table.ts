import { cut, drawTable, type Ink, ink, type Paper, widthOf } from './paper.ts';

/** One column of a table. */
export interface Column<Row> {
  readonly head: string;
  readonly align: 'left' | 'right';
  /** Where the paper is too narrow for all, those with the lowest rank are shown; 0 always is. */
  readonly rank: number;
  /** Longer cells are cut to this many columns. */
  readonly most?: number;
  /** Where there is less room, cells are cut down to this many columns. */
  readonly least?: number;
  readonly cell: (row: Row) => string;
  readonly ink?: (row: Row) => Ink | undefined;
}

const GAP = 2;

/** Renders rows as a table that fits on the paper; its first line is the head. */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  paper: Paper,
): string {
  const texts = columns.map(({ cell, most }) =>
    rows.map((row) => (most === undefined ? cell(row) : cut(paper, cell(row), most))),
  );
  const hasLimit = paper.columns !== undefined;
  const widths = columns.map(({ head }, index) => {
    const widest = texts[index]!.reduce((most, text) => Math.max(most, widthOf(text)), 0);
    // Where room is short, an empty column has none.
    return hasLimit && widest === 0 ? 0 : Math.max(widest, widthOf(head));
  });
  const shown = chooseColumns(columns, widths, paper.columns ?? Number.POSITIVE_INFINITY);
  const head = shown.map(({ index }) => ink(paper, 'soft', columns[index]!.head));
  const lines = rows.map((row, line) =>
    shown.map(({ index, width }) =>
      ink(paper, columns[index]!.ink?.(row), cut(paper, texts[index]![line]!, width)),
    ),
  );
  return drawTable(
    [head, ...lines],
    shown.map(({ index }) => columns[index]!.align),
  );
}

interface Shown {
  readonly index: number;
  readonly width: number;
}

/** Returns the columns that fit, in order: by rank, each that still has room. */
function chooseColumns(
  columns: readonly Pick<Column<never>, 'rank' | 'least'>[],
  widths: readonly number[],
  paperWidth: number,
): Shown[] {
  const byRank = [...columns.keys()].sort((one, other) => columns[one]!.rank - columns[other]!.rank);
  const shown: Shown[] = [];
  let left = paperWidth + GAP;
  for (const index of byRank) {
    const { rank, least } = columns[index]!;
    if (rank > 0 && widths[index] === 0) continue;
    const room = rank === 0 ? Number.POSITIVE_INFINITY : left - GAP;
    const width = Math.min(widths[index]!, Math.max(room, least ?? widths[index]!));
    if (width > room) continue;
    shown.push({ index, width });
    left -= width + GAP;
  }
  return shown.sort((one, other) => one.index - other.index);
}
