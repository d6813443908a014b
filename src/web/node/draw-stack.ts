import type { NodeUsageAnswer } from '../../api/node-usage.ts';
import { colourOf } from '../parts/colour.ts';
import { formatLocal } from '../parts/moment.tsx';
import type { Band } from './stack.ts';

export const HEIGHT = 180;
/** Room for the labels of the scale. */
export const LEFT = 64;
const FOOT = 18;
const HEAD = 6;
const FONT = '11px system-ui, sans-serif';
const LABEL_PIXELS = 110;

export interface StackProps {
  readonly usage: NodeUsageAnswer;
  readonly bands: readonly Band[];
  /** The upper end of the scale. */
  readonly top: number;
  /** What the node has, drawn as a line. */
  readonly total: number | undefined;
  readonly format: (value: number) => string;
}

/** Draws bands on top of each other, a column for each span; spans without values stay empty. */
export function drawStack(canvas: HTMLCanvasElement, width: number, props: StackProps): void {
  const { usage, bands, top, total, format } = props;
  const context = canvas.getContext('2d')!;
  const colour = (token: string) => colourOf(canvas.parentElement!, token);
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, width, HEIGHT);
  const room = HEIGHT - HEAD - FOOT;
  const yOf = (value: number) => HEAD + room * (1 - value / top);
  const xOf = (column: number) => LEFT + ((width - LEFT) * column) / usage.columns;
  drawScale(context, { width, ticks: [0, top / 2, top], yOf, format, colour });
  drawTimes(context, usage, xOf, colour('--ink-soft'));
  const sums = new Float64Array(usage.columns);
  for (const band of bands) {
    context.fillStyle = colour(band.colour === 0 ? '--allocated' : `--series-${band.colour}`);
    for (const [column, value] of band.values.entries()) {
      if (value === null) continue;
      const from = yOf(sums[column]!);
      sums[column]! += value;
      const to = yOf(sums[column]!);
      context.fillRect(Math.floor(xOf(column)), to, Math.ceil(xOf(column + 1) - xOf(column)), from - to);
    }
  }
  if (total === undefined) return;
  context.strokeStyle = colour('--ink-soft');
  context.setLineDash([3, 3]);
  line(context, LEFT, yOf(total), width);
  context.setLineDash([]);
}

interface Scale {
  readonly width: number;
  readonly ticks: readonly number[];
  readonly yOf: (value: number) => number;
  readonly format: (value: number) => string;
  readonly colour: (token: string) => string;
}

function drawScale(context: CanvasRenderingContext2D, { width, ticks, yOf, format, colour }: Scale): void {
  context.font = FONT;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  context.lineWidth = 1;
  context.strokeStyle = colour('--rule');
  context.fillStyle = colour('--ink-soft');
  for (const tick of ticks) {
    line(context, LEFT, yOf(tick), width);
    if (tick > 0) context.fillText(format(tick), LEFT - 6, yOf(tick) + 2);
  }
}

function drawTimes(
  context: CanvasRenderingContext2D,
  { start_time, step_seconds, columns }: NodeUsageAnswer,
  xOf: (column: number) => number,
  colour: string,
): void {
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.fillStyle = colour;
  const isLong = step_seconds * columns > 2 * 86_400;
  const labels = Math.max(1, Math.floor((xOf(columns) - LEFT) / LABEL_PIXELS));
  for (let label = 0; label < labels; label++) {
    const column = Math.round((label * columns) / labels);
    const local = formatLocal(Date.parse(start_time) + column * step_seconds * 1000);
    context.fillText(isLong ? local.slice(5, 16) : local.slice(11, 16), xOf(column), HEIGHT - 4);
  }
}

function line(context: CanvasRenderingContext2D, fromX: number, y: number, toX: number): void {
  context.beginPath();
  context.moveTo(fromX, Math.round(y) + 0.5);
  context.lineTo(toX, Math.round(y) + 0.5);
  context.stroke();
}
