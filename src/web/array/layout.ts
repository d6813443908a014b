/** Squares of one size in rows. */
export interface Layout {
  /** From one square to the next. */
  readonly pitch: number;
  readonly columns: number;
  readonly count: number;
  readonly height: number;
}

const PITCHES = [20, 16, 12, 10, 8, 6, 5, 4, 3];
/** Squares are as large as they can be while all of them are no higher than this. */
const WANTED_HEIGHT = 320;

/** Lays out `count` squares in a width; the smallest ones may become higher than wanted. */
export function layOut(count: number, width: number): Layout {
  const layouts = PITCHES.map((pitch) => {
    const columns = Math.max(1, Math.floor(width / pitch));
    return { pitch, columns, count, height: Math.ceil(count / columns) * pitch };
  });
  return layouts.find(({ height }) => height <= WANTED_HEIGHT) ?? layouts.at(-1)!;
}

/** Returns the place of the square at a point; undefined if there is none. */
export function placeAt({ pitch, columns, count }: Layout, x: number, y: number): number | undefined {
  const column = Math.floor(x / pitch);
  const place = Math.floor(y / pitch) * columns + column;
  return column >= 0 && column < columns && place >= 0 && place < count ? place : undefined;
}

/** Returns the upper left corner of a square. */
export const cornerOf = ({ pitch, columns }: Layout, place: number) => ({
  x: (place % columns) * pitch,
  y: Math.floor(place / columns) * pitch,
});

/** Returns where a key leads from a square; undefined for keys that do not move. */
export function moveFrom({ columns, count }: Layout, place: number, key: string): number | undefined {
  const steps: Record<string, number> = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    ArrowUp: place - columns,
    ArrowDown: place + columns,
    Home: 0,
    End: count - 1,
  };
  const next = steps[key];
  return next === undefined || next < 0 || next >= count ? undefined : next;
}
