import type { NodeSummaryAnswer } from '../../api/node-list.ts';
import { colourOf, scaleOf } from '../parts/colour.ts';
import { cornersOf, type Layout } from './layout.ts';
import type { NodeState } from './node-state.ts';

/** What the tiles show, in the order of the layout. */
export interface Tiles {
  readonly nodes: readonly NodeSummaryAnswer[];
  readonly states: readonly NodeState[];
  /** Of a measure, from 0 to 1; undefined if it is not known. */
  readonly shares: readonly (number | undefined)[];
  /** What was given to jobs; empty if the measure knows nothing of that. */
  readonly given: readonly (number | undefined)[];
}

const LEVELS = 24;
/** Smaller tiles have no room for the strip that shows what is given. */
const STRIP_TILE = 20;
const STRIP = 3;
const NAME_TILE = 26;
const FONT = '10px system-ui, sans-serif';

/** Draws the grid: 10,000 tiles take 4 to 12 ms, because tiles of one colour are filled together. */
export function drawGrid(canvas: HTMLCanvasElement, layout: Layout, tiles: Tiles): void {
  const context = canvas.getContext('2d')!;
  const colour = (token: string) => colourOf(canvas.parentElement!, token);
  const scale = scaleOf(canvas.parentElement!, '--scale-low', '--scale-high', LEVELS);
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const corners = cornersOf(layout);
  const hasStrips = layout.tile >= STRIP_TILE && tiles.given.length > 0;
  const face: Face = { width: layout.tile, height: layout.tile - (hasStrips ? STRIP + 1 : 0) };
  fillTiles(context, face, corners, tiles.shares, scale);
  frameUnknown(context, face, corners, tiles, colour('--rule'));
  if (hasStrips) drawStrips(context, layout.tile, corners, tiles.given, colour);
  drawStates(context, face, corners, tiles.states, colour);
  if (layout.tile >= NAME_TILE) drawNames(context, face, corners, tiles, colour);
}

/** The part of a tile that shows the measure and the state. */
interface Face {
  readonly width: number;
  readonly height: number;
}

type Corners = readonly { readonly x: number; readonly y: number }[];
type Colour = (token: string) => string;

function fillTiles(
  context: CanvasRenderingContext2D,
  { width, height }: Face,
  corners: Corners,
  shares: Tiles['shares'],
  scale: readonly string[],
): void {
  const byLevel: number[][] = scale.map(() => []);
  for (const [index, share] of shares.entries())
    if (share !== undefined) byLevel[Math.round(share * (LEVELS - 1))]!.push(index);
  for (const [level, indexes] of byLevel.entries()) {
    context.fillStyle = scale[level]!;
    for (const index of indexes) context.fillRect(corners[index]!.x, corners[index]!.y, width, height);
  }
}

/** A tile without a value is empty; a silent one has a frame of its own. */
function frameUnknown(
  context: CanvasRenderingContext2D,
  { width, height }: Face,
  corners: Corners,
  { states, shares }: Tiles,
  colour: string,
): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  for (const [index, { x, y }] of corners.entries()) {
    if (shares[index] === undefined && states[index] !== 'silent')
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  }
}

/** At the foot of a tile: how much was given to jobs. */
function drawStrips(
  context: CanvasRenderingContext2D,
  tile: number,
  corners: Corners,
  given: Tiles['given'],
  colour: Colour,
): void {
  context.fillStyle = colour('--raised');
  for (const { x, y } of corners) context.fillRect(x, y + tile - STRIP, tile, STRIP);
  context.fillStyle = colour('--ink-soft');
  for (const [index, { x, y }] of corners.entries()) {
    const share = given[index];
    if (share) context.fillRect(x, y + tile - STRIP, Math.max(1, Math.round(share * tile)), STRIP);
  }
}

/** State is shape: a diagonal, a cross or a dotted frame, each in one path. */
function drawStates(
  context: CanvasRenderingContext2D,
  face: Face,
  corners: Corners,
  states: Tiles['states'],
  colour: Colour,
): void {
  for (const { state, strokes, dash } of STATE_LINES) {
    context.beginPath();
    for (const [index, one] of states.entries())
      if (one === state) addShape(context, state, corners[index]!, face);
    context.setLineDash(dash);
    for (const { token, width } of strokes) {
      context.strokeStyle = colour(token);
      context.lineWidth = face.width >= 20 ? width : 0.75 * width;
      context.stroke();
    }
  }
  context.setLineDash([]);
}

/** The diagonal has a line of the colour of the page beside it, so that it is seen on any fill. */
const STATE_LINES = [
  {
    state: 'drained',
    strokes: [
      { token: '--page', width: 5 },
      { token: '--ink', width: 2 },
    ],
    dash: [],
  },
  { state: 'down', strokes: [{ token: '--harm', width: 2 }], dash: [] },
  { state: 'silent', strokes: [{ token: '--ink-soft', width: 2 }], dash: [2, 2] },
] as const;

function addShape(
  context: CanvasRenderingContext2D,
  state: NodeState,
  { x, y }: Corners[number],
  { width, height }: Face,
): void {
  const [left, right, top, bottom] = [x + 1.5, x + width - 1.5, y + 1.5, y + height - 1.5];
  if (state === 'silent') {
    context.rect(x + 1, y + 1, width - 2, height - 2);
    return;
  }
  context.moveTo(left, bottom);
  context.lineTo(right, top);
  if (state !== 'down') return;
  context.moveTo(left, top);
  context.lineTo(right, bottom);
}

/** Writes names, or their numbers, where they fit, on dark tiles in the colour of the page. */
function drawNames(
  context: CanvasRenderingContext2D,
  { width, height }: Face,
  corners: Corners,
  { nodes, shares, states }: Tiles,
  colour: Colour,
): void {
  const [ink, page] = [colour('--ink'), colour('--page')];
  context.font = FONT;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const [index, { x, y }] of corners.entries()) {
    const name = nodes[index]!.node.split('.')[0]!;
    // A name under a cross cannot be read.
    if (states[index] === 'down' || states[index] === 'drained') continue;
    const label = [name, /\d+$/.exec(name)?.[0] ?? ''].find(
      (text) => context.measureText(text).width <= width - 4,
    );
    if (!label) continue;
    context.fillStyle = (shares[index] ?? 0) > 0.5 ? page : ink;
    context.fillText(label, x + width / 2, y + height / 2);
  }
}
