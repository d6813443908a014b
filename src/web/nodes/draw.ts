import type { NodeSummaryAnswer } from '../../api/node-list.ts';
import { colourOf, scaleOf } from '../parts/colour.ts';
import { cornersOf, type Layout } from './layout.ts';
import { type NodeState, stateOf } from './node-state.ts';

/** What the tiles show, in the order of the layout. */
export interface Tiles {
  readonly nodes: readonly NodeSummaryAnswer[];
  readonly shares: readonly (number | undefined)[];
  readonly given: readonly (number | undefined)[];
}

const LEVELS = 24;
/** Smaller tiles have no room for the strip that shows what is given. */
const STRIP_TILE = 14;
const STRIP = 3;
const NAME_TILE = 26;
const FONT = '10px system-ui, sans-serif';

/** Draws the grid: 10,000 tiles take about 6 ms, because tiles of one colour are filled together. */
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
  drawStates(context, face, corners, tiles.nodes, colour);
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
  const byLevel = Map.groupBy(corners.keys(), (index) => {
    const share = shares[index];
    return share === undefined ? undefined : Math.round(share * (LEVELS - 1));
  });
  for (const [level, indexes] of byLevel) {
    if (level === undefined) continue;
    context.fillStyle = scale[level]!;
    for (const index of indexes) context.fillRect(corners[index]!.x, corners[index]!.y, width, height);
  }
}

/** A tile without a value is empty; a silent one has a frame of its own. */
function frameUnknown(
  context: CanvasRenderingContext2D,
  { width, height }: Face,
  corners: Corners,
  { nodes, shares }: Tiles,
  colour: string,
): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (const [index, { x, y }] of corners.entries()) {
    if (shares[index] === undefined && stateOf(nodes[index]!) !== 'silent')
      context.rect(x + 0.5, y + 0.5, width - 1, height - 1);
  }
  context.stroke();
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
  nodes: Tiles['nodes'],
  colour: Colour,
): void {
  const byState = Map.groupBy(corners.keys(), (index) => stateOf(nodes[index]!));
  for (const state of ['drained', 'down', 'silent'] as const) {
    const indexes = byState.get(state) ?? [];
    context.strokeStyle = colour(STATE_COLOURS[state]);
    context.lineWidth = face.width >= 20 ? 2 : 1.5;
    context.setLineDash(state === 'silent' ? [2, 2] : []);
    context.beginPath();
    for (const index of indexes) addShape(context, state, corners[index]!, face);
    context.stroke();
  }
  context.setLineDash([]);
}

const STATE_COLOURS = { drained: '--ink', down: '--harm', silent: '--ink-soft' };

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

/** Writes names where they fit, on dark tiles in the colour of the page. */
function drawNames(
  context: CanvasRenderingContext2D,
  { width, height }: Face,
  corners: Corners,
  { nodes, shares }: Tiles,
  colour: Colour,
): void {
  const [ink, page] = [colour('--ink'), colour('--page')];
  context.font = FONT;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const [index, { x, y }] of corners.entries()) {
    const node = nodes[index]!;
    const state = stateOf(node);
    const name = node.node.split('.')[0]!;
    // A name under a cross cannot be read.
    if (state === 'down' || state === 'drained' || context.measureText(name).width > width - 4) continue;
    context.fillStyle = (shares[index] ?? 0) > 0.5 ? page : ink;
    context.fillText(name, x + width / 2, y + height / 2);
  }
}
