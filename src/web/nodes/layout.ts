// Where the tiles of the grid are. Pure.

/** Nodes under one heading. */
export interface Group {
  readonly name: string;
  readonly size: number;
}

/** Where the tiles of a group are, in pixels. */
export interface Block {
  readonly group: Group;
  /** Index of its first tile. */
  readonly first: number;
  /** Top of the heading. */
  readonly top: number;
  /** Top of the first row of tiles. */
  readonly tilesTop: number;
}

export interface Layout {
  readonly tile: number;
  /** From one tile to the next. */
  readonly pitch: number;
  readonly columns: number;
  readonly height: number;
  readonly blocks: readonly Block[];
  readonly count: number;
}

export const HEADING = 22;
const BETWEEN = 8;
const MIN_TILE = 10;
const MAX_TILE = 44;
/** From this size on there is room for two pixels between tiles. */
const WIDE_TILE = 16;

/**
 * Lays groups out below each other, with the largest tiles, 10 to 44 pixels, at which all fit into the
 * height; if none does, with the smallest. One group has no heading.
 */
export function layOut(groups: readonly Group[], width: number, height: number): Layout {
  for (let tile = MAX_TILE; tile > MIN_TILE; tile--) {
    const layout = place(groups, width, tile);
    if (layout.height <= height) return layout;
  }
  return place(groups, width, MIN_TILE);
}

function place(groups: readonly Group[], width: number, tile: number): Layout {
  const pitch = tile + (tile >= WIDE_TILE ? 2 : 1);
  const columns = Math.max(1, Math.floor(width / pitch));
  const heading = groups.length > 1 ? HEADING : 0;
  const blocks: Block[] = [];
  let top = 0;
  let first = 0;
  for (const group of groups) {
    blocks.push({ group, first, top, tilesTop: top + heading });
    top += heading + Math.ceil(group.size / columns) * pitch + (heading ? BETWEEN : 0);
    first += group.size;
  }
  return { tile, pitch, columns, height: top, blocks, count: first };
}

/** Returns the top left corner of a tile. */
export function cornerOf(layout: Layout, index: number): { readonly x: number; readonly y: number } {
  const { first, tilesTop } = blockOf(layout, index);
  return cornerIn(layout, tilesTop, index - first);
}

/** Returns the top left corners of all tiles. */
export const cornersOf = (layout: Layout): { readonly x: number; readonly y: number }[] =>
  layout.blocks.flatMap(({ group, tilesTop }) =>
    Array.from({ length: group.size }, (_, place) => cornerIn(layout, tilesTop, place)),
  );

const cornerIn = ({ columns, pitch }: Layout, tilesTop: number, place: number) => ({
  x: (place % columns) * pitch,
  y: tilesTop + Math.floor(place / columns) * pitch,
});

/** Returns the index of the tile at a point; undefined between tiles. */
export function tileAt({ blocks, tile, pitch, columns }: Layout, x: number, y: number): number | undefined {
  const block = blocks.findLast(({ tilesTop }) => tilesTop <= y);
  const column = Math.floor(x / pitch);
  if (!block || x < 0 || column >= columns || x - column * pitch >= tile) return undefined;
  const inside = y - block.tilesTop;
  const row = Math.floor(inside / pitch);
  const place = row * columns + column;
  return place < block.group.size && inside - row * pitch < tile ? block.first + place : undefined;
}

/** Returns the tile that a key leads to from another. Up and down go on in the next group. */
export function moveFrom(layout: Layout, index: number, key: string): number | undefined {
  const last = layout.count - 1;
  if (key === 'ArrowRight') return Math.min(last, index + 1);
  if (key === 'ArrowLeft') return Math.max(0, index - 1);
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key === 'ArrowDown') return moveRows(layout, index, 1);
  return key === 'ArrowUp' ? moveRows(layout, index, -1) : undefined;
}

function moveRows(layout: Layout, index: number, step: 1 | -1): number {
  const { columns, blocks } = layout;
  const block = blockOf(layout, index);
  const { first, group } = block;
  const place = index - first + step * columns;
  const rows = Math.ceil(group.size / columns);
  const row = Math.floor(place / columns);
  if (row >= 0 && row < rows) return first + Math.min(place, group.size - 1);
  const next = blocks[blocks.indexOf(block) + step];
  if (!next) return index;
  const column = (index - first) % columns;
  const lastRow = Math.ceil(next.group.size / columns) - 1;
  return next.first + Math.min(next.group.size - 1, (step > 0 ? 0 : lastRow * columns) + column);
}

const blockOf = ({ blocks }: Layout, index: number): Block =>
  blocks.findLast(({ first, group }) => first <= index && group.size > 0) ?? blocks[0]!;
