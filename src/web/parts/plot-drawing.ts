import type uPlot from 'uplot';
import type { PlotProps, Span } from './plot.tsx';

// What is drawn on a plot beside its lines.

type Token = (name: string) => string;

const FONT = '11px system-ui, sans-serif';
/** Lines are named at their ends up to this many. */
export const MOST_ENDS = 8;
const LARGEST_END = 110;
const END_HEIGHT = 12;
const MARGIN = 8;

/** Returns the room right of a plot for the names of its lines. */
export function endsWidth(labels: readonly string[]): number {
  if (labels.length < 2 || labels.length > MOST_ENDS) return MARGIN;
  const context = document.createElement('canvas').getContext('2d')!;
  context.font = FONT;
  const widths = labels.map((label) => context.measureText(label).width);
  return Math.min(LARGEST_END, Math.ceil(Math.max(...widths)) + MARGIN);
}

/** Writes the names of the lines at their ends, none over another. */
export function drawEnds(plot: uPlot, { labels }: PlotProps, token: Token): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const room = ctx.canvas.width - bbox.left - bbox.width - 4 * ratio;
  if (room < 2 * MARGIN * ratio) return;
  const ends = labels.flatMap((label, index) => {
    const column = Array.from(plot.data[index + 1] ?? []);
    const last = column.findLast((value) => typeof value === 'number');
    return typeof last === 'number' ? [{ label, index, y: plot.valToPos(last, 'y', true) }] : [];
  });
  ends.sort((one, other) => one.y - other.y);
  const step = END_HEIGHT * ratio;
  for (const [place, end] of ends.entries())
    end.y = Math.max(end.y, (ends[place - 1]?.y ?? -Infinity) + step);
  let lowest = bbox.top + bbox.height;
  for (const end of ends.toReversed()) {
    end.y = Math.min(end.y, lowest);
    lowest = end.y - step;
  }
  ctx.save();
  ctx.font = FONT.replace('11', String(11 * ratio));
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  for (const { label, index, y } of ends) {
    ctx.fillStyle = token(`--series-${(index % MOST_ENDS) + 1}`);
    ctx.fillText(label, bbox.left + bbox.width + 4 * ratio, y, room);
  }
  ctx.restore();
}

/** Hatches the times in which nothing was measured. */
export function drawGaps(plot: uPlot, { gaps = [] }: PlotProps, token: Token): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  for (const { fromMs, toMs } of gaps) {
    const [left, right] = edgesOf(plot, { fromMs, toMs });
    if (right > left) ctx.rect(left, bbox.top, right - left, bbox.height);
  }
  ctx.clip();
  hatch(ctx, bbox, token('--hatch-line'));
  ctx.restore();
}

function edgesOf(plot: uPlot, { fromMs, toMs }: Span): [left: number, right: number] {
  const { bbox } = plot;
  const within = (x: number) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, x));
  return [within(plot.valToPos(fromMs / 1000, 'x', true)), within(plot.valToPos(toMs / 1000, 'x', true))];
}

type Box = Pick<uPlot.BBox, 'left' | 'top' | 'width' | 'height'>;

/** Draws slanted lines into a box. */
export function hatch(
  ctx: CanvasRenderingContext2D,
  { left, top, width, height }: Box,
  colour: string,
): void {
  const step = 6 * devicePixelRatio;
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (let x = left - height; x < left + width; x += step) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
}

/** Draws the limit and the marks of events. */
export function drawOver(plot: uPlot, { limit, marks = [] }: PlotProps, token: Token): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.font = `${10 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  if (limit) {
    const y = plot.valToPos(limit.value, 'y', true);
    ctx.strokeStyle = ctx.fillStyle = token('--harm');
    line(ctx, [bbox.left, y], [bbox.left + bbox.width, y]);
    ctx.textAlign = 'right';
    ctx.fillText(limit.label, bbox.left + bbox.width - 4 * devicePixelRatio, y + 11 * devicePixelRatio);
  }
  ctx.strokeStyle = ctx.fillStyle = token('--ink-soft');
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { timeMs, label } of marks) {
    const x = plot.valToPos(timeMs / 1000, 'x', true);
    // Start and end are the edges of the plot.
    const edge = bbox.width / 100;
    if (x < bbox.left + edge || x > bbox.left + bbox.width - edge) continue;
    line(ctx, [x, bbox.top], [x, bbox.top + bbox.height]);
    // At the right edge, text goes to the left.
    const isRight = x > bbox.left + bbox.width - 60 * devicePixelRatio;
    ctx.textAlign = isRight ? 'right' : 'left';
    ctx.fillText(label, x + (isRight ? -3 : 3) * devicePixelRatio, bbox.top + 10 * devicePixelRatio);
  }
  ctx.restore();
}

type Position = readonly [x: number, y: number];

function line(ctx: CanvasRenderingContext2D, from: Position, to: Position): void {
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}
