import type { ArrayColumns } from '../../api/array.ts';
import { colourOf, scaleOf } from '../parts/colour.ts';
import type { Layout } from './layout.ts';

type State = ArrayColumns['state'][number];

/** How the squares of a state look where no measure fills them. */
const FILLS: Record<State, string> = {
  completed: '--allocated',
  running: '--used',
  failed: '--harm-soft',
  pending: '--page',
  cancelled: '--raised',
};
/** Where there is no room for a shape, a state is its colour alone. */
const SMALL_FILLS: Record<State, string> = {
  ...FILLS,
  failed: '--harm',
  pending: '--rule',
  cancelled: '--fine',
};
const SHAPE_PITCH = 8;
const LEVELS = 24;

interface Squares {
  readonly states: ArrayColumns['state'];
  /** Of a measure, from 0 to 1, NaN if it is not known; undefined to fill by state. */
  readonly shares: Float64Array | undefined;
}

/** Draws a square for each task; those of one colour are filled together. */
export function drawSquares(canvas: HTMLCanvasElement, layout: Layout, { states, shares }: Squares): void {
  const context = canvas.getContext('2d')!;
  const colour = (token: string) => colourOf(canvas.parentElement!, token);
  const { pitch, columns } = layout;
  const size = pitch - (pitch > 4 ? 2 : 1);
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const x = (place: number) => (place % columns) * pitch;
  const y = (place: number) => Math.floor(place / columns) * pitch;
  const fills = pitch < SHAPE_PITCH ? SMALL_FILLS : FILLS;
  const groups = shares
    ? byLevel(shares, scaleOf(canvas.parentElement!, '--scale-low', '--scale-high', LEVELS))
    : byState(states, (state) => colour(fills[state]));
  for (const [fill, places] of groups) {
    context.fillStyle = fill;
    for (const place of places) context.fillRect(x(place), y(place), size, size);
  }
  if (pitch < SHAPE_PITCH) return;
  const stroke = (token: string, draw: (place: number) => void, isDrawn: (place: number) => boolean) => {
    context.strokeStyle = colour(token);
    context.beginPath();
    for (let place = 0; place < states.length; place++) if (isDrawn(place)) draw(place);
    context.stroke();
  };
  context.lineWidth = 1;
  const frame = (place: number) => context.rect(x(place) + 0.5, y(place) + 0.5, size - 1, size - 1);
  const isOf = (state: State) => (place: number) => states[place] === state;
  stroke('--rule', frame, (place) => (shares ? Number.isNaN(shares[place]!) : states[place] === 'pending'));
  const line = (place: number, isDown: boolean) => {
    context.moveTo(x(place) + 2, y(place) + (isDown ? 2 : size - 2));
    context.lineTo(x(place) + size - 2, y(place) + (isDown ? size - 2 : 2));
  };
  const cross = (place: number) => {
    line(place, false);
    line(place, true);
  };
  // The colour of the page beside a line, so that it is seen on any fill.
  for (const [token, width] of [['--page', 4] as const, [undefined, pitch > 10 ? 2 : 1.5] as const]) {
    context.lineWidth = width;
    stroke(token ?? '--ink-soft', (place) => line(place, false), isOf('cancelled'));
    stroke(token ?? '--harm', cross, isOf('failed'));
  }
}

type Groups = Iterable<readonly [fill: string, places: readonly number[]]>;

function byState(states: Squares['states'], fillOf: (state: State) => string): Groups {
  const places = Map.groupBy(states.keys(), (place) => states[place]!);
  return Array.from(places, ([state, of]) => [fillOf(state), of] as const);
}

function byLevel(shares: Float64Array, scale: readonly string[]): Groups {
  const places: number[][] = scale.map(() => []);
  for (const [place, share] of shares.entries())
    if (!Number.isNaN(share)) places[Math.round(share * (LEVELS - 1))]!.push(place);
  return scale.map((fill, level) => [fill, places[level]!] as const);
}
