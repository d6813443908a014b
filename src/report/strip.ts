import { encodePng } from './png.ts';

/** Values over time, each as a share of 0 to 1; NaN where nothing was measured. */
export interface Course {
  readonly timesMs: readonly number[];
  readonly shares: readonly number[];
}

const WIDTH = 560;
const HEIGHT = 48;
/** For screens of twice the density. */
const SCALE = 2;

const [GROUND, RULE, FILL, LINE] = [0, 1, 2, 3];
/** Readable on white and on black mails: the strip has a ground of its own. */
const PALETTE = [0xf7f8fa, 0xd9dde3, 0xa9c6e6, 0x1f5fa8];

/** How wide a strip is shown, in pixels of the mail. */
export const STRIP_SIZE = { width: WIDTH, height: HEIGHT };

/**
 * Draws a course from its start to its end as a PNG: a filled line between 0 at the bottom and 1 at the top.
 * Time without values stays empty.
 */
export function drawStrip({ timesMs, shares }: Course): Uint8Array<ArrayBuffer> {
  const [width, height] = [WIDTH * SCALE, HEIGHT * SCALE];
  const pixels = new Uint8Array(width * height).fill(GROUND!);
  for (const at of [0, height >> 1, height - 1]) pixels.fill(RULE!, at * width, (at + 1) * width);
  const columns = columnsOf(timesMs, shares, width);
  for (const [x, share] of columns.entries()) {
    if (Number.isNaN(share)) continue;
    const top = Math.round((1 - Math.min(1, Math.max(0, share))) * (height - 2 * SCALE));
    for (let y = top; y < height; y++) pixels[y * width + x] = y < top + 2 * SCALE ? LINE! : FILL!;
  }
  return encodePng({ width, height, pixels, palette: PALETTE });
}

/**
 * Draws how often values fall into each of some bins as a PNG: a bar for each, the highest as high as the
 * strip.
 */
export function drawBars(counts: readonly number[]): Uint8Array<ArrayBuffer> {
  const [width, height] = [WIDTH * SCALE, HEIGHT * SCALE];
  const pixels = new Uint8Array(width * height).fill(GROUND!);
  pixels.fill(RULE!, (height - 1) * width);
  const most = counts.reduce((max, count) => Math.max(max, count), 1);
  for (let x = 0; x < width; x++) {
    const place = (x * counts.length) / width;
    const count = counts[Math.floor(place)]!;
    const isGap = Math.floor(place) !== Math.floor(((x + 2 * SCALE) * counts.length) / width);
    if (count === 0 || isGap) continue;
    // One of a thousand can be seen.
    const top = height - Math.max(2 * SCALE, Math.round((count / most) * (height - 2 * SCALE)));
    for (let y = top; y < height; y++) pixels[y * width + x] = y < top + 2 * SCALE ? LINE! : FILL!;
  }
  return encodePng({ width, height, pixels, palette: PALETTE });
}

/** Returns the value of each column: that of the point before, unless that is too long ago. */
function columnsOf(timesMs: readonly number[], shares: readonly number[], width: number): Float64Array {
  const columns = new Float64Array(width).fill(Number.NaN);
  const [firstMs, lastMs] = [timesMs[0] ?? 0, timesMs.at(-1) ?? 0];
  const spanMs = Math.max(1, lastMs - firstMs);
  // Points of a plot are this far apart; a longer time without one is a gap.
  const gapMs = (2.5 * spanMs) / Math.max(1, timesMs.length - 1);
  for (const [index, timeMs] of timesMs.entries()) {
    const nextMs = timesMs[index + 1] ?? timeMs;
    const untilMs = nextMs - timeMs > gapMs ? timeMs : nextMs;
    const xOf = (ms: number) => Math.round(((ms - firstMs) / spanMs) * (width - 1));
    columns.fill(shares[index]!, xOf(timeMs), xOf(untilMs) + 1);
  }
  return columns;
}
