// The cells of a heat map as pixels. Pure.

/** The parts of GET /v1/jobs/{id}/heatmap that are drawn. */
export interface HeatMapData {
  readonly columns: number;
  readonly rows: readonly { readonly node?: string; readonly gpu?: string; readonly mean?: number }[];
  readonly scale: { readonly min: number; readonly max: number };
  readonly cells: string;
}

/** The byte of a cell in which nothing was measured. */
const GAP = 255;

/** Unpacks the cells, a byte each, row by row. */
export function unpackCells(base64: string): Uint8Array {
  const text = atob(base64);
  const cells = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) cells[at] = text.charCodeAt(at);
  return cells;
}

/** Returns the places of the rows, the greatest mean first; rows without any value last. */
export const orderRows = ({ rows }: Pick<HeatMapData, 'rows'>): number[] =>
  rows
    .map((_, place) => place)
    .sort((one, other) => (rows[other]!.mean ?? -Infinity) - (rows[one]!.mean ?? -Infinity) || one - other);

/** Returns the value of a cell; undefined in a gap. */
export function valueAt(
  { columns, scale }: HeatMapData,
  cells: Uint8Array,
  row: number,
  column: number,
): number | undefined {
  const cell = cells[row * columns + column];
  return cell === undefined || cell === GAP
    ? undefined
    : scale.min + (cell / (GAP - 1)) * (scale.max - scale.min);
}

type Colour = readonly [red: number, green: number, blue: number];

/** Returns 256 pixels, for each byte of a cell: `stops` are even steps of the scale; a gap is transparent. */
export function paletteOf(stops: readonly Colour[], { from, to }: { from: number; to: number }): Uint32Array {
  const pixels = new Uint32Array(256);
  for (let cell = 0; cell < GAP; cell++) {
    const at = (from + (cell / (GAP - 1)) * (to - from)) * (stops.length - 1);
    const low = Math.max(0, Math.min(stops.length - 2, Math.floor(at)));
    const part = Math.max(0, Math.min(1, at - low));
    const mix = (channel: 0 | 1 | 2) =>
      Math.round(stops[low]![channel] * (1 - part) + stops[low + 1]![channel] * part);
    // Canvas has red in the lowest byte.
    pixels[cell] = (0xff000000 | (mix(2) << 16) | (mix(1) << 8) | mix(0)) >>> 0;
  }
  return pixels;
}

/** Reads colours such as `#00204c`, separated by blanks. */
export const readStops = (text: string): Colour[] =>
  (text.match(/#[0-9a-f]{6}/gi) ?? []).map((hex) => {
    const number = Number.parseInt(hex.slice(1), 16);
    return [number >> 16, (number >> 8) & 255, number & 255];
  });

interface Painted {
  readonly cells: Uint8Array;
  readonly order: readonly number[];
  readonly columns: number;
  /** Rows that share a line of pixels, as their mean. */
  readonly rowsPerLine: number;
  readonly palette: Uint32Array;
}

/** Returns a pixel for each cell, a line for `rowsPerLine` rows. */
export function paintCells({ cells, order, columns, rowsPerLine, palette }: Painted): Uint32Array {
  const lines = Math.ceil(order.length / rowsPerLine);
  const pixels = new Uint32Array(lines * columns);
  const sums = new Uint32Array(columns);
  const known = new Uint32Array(columns);
  for (let line = 0; line < lines; line++) {
    sums.fill(0);
    known.fill(0);
    const end = Math.min(order.length, (line + 1) * rowsPerLine);
    for (let at = line * rowsPerLine; at < end; at++) addRow(cells, order[at]! * columns, sums, known);
    for (let column = 0; column < columns; column++) {
      const count = known[column]!;
      pixels[line * columns + column] = palette[count === 0 ? GAP : Math.round(sums[column]! / count)]!;
    }
  }
  return pixels;
}

function addRow(cells: Uint8Array, from: number, sums: Uint32Array, known: Uint32Array): void {
  for (let column = 0; column < sums.length; column++) {
    const cell = cells[from + column]!;
    if (cell === GAP) continue;
    sums[column]! += cell;
    known[column]!++;
  }
}
