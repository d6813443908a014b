// Which rows of a long table are drawn, when all rows are of one height. Pure.

/** Rows above and below the view that are drawn as well, and the step in which they change. */
const SPARE_ROWS = 8;

export interface Scroll {
  /** Pixels of rows above the view. */
  readonly top: number;
  /** Pixels of the view that show rows. */
  readonly height: number;
  readonly rowPixels: number;
}

/** Returns the rows to draw; `to` is exclusive. It changes only every 8 rows. */
export function rowsInView({ top, height, rowPixels }: Scroll, count: number): { from: number; to: number } {
  const first = Math.floor(Math.max(0, top) / rowPixels / SPARE_ROWS) * SPARE_ROWS;
  const rows = Math.ceil(height / rowPixels);
  const to = Math.min(count, first + rows + 2 * SPARE_ROWS);
  return { from: Math.max(0, Math.min(first - SPARE_ROWS, to - rows)), to };
}

/** Returns where to scroll so that a row can be seen, with as little movement as possible. */
export function topToShow(row: number, { top, height, rowPixels }: Scroll): number {
  const rowTop = row * rowPixels;
  if (rowTop < top) return rowTop;
  return Math.max(top, rowTop + rowPixels - height);
}
