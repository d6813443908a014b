import { invalid } from '../../domain/errors.ts';
import { furtherCollector } from '../../domain/further-spans.ts';
import { makePoints } from '../../domain/point-columns.ts';
import { type Readings, reverseRows } from '../../domain/readings.ts';
import { type Plot, plotSpans, pointsOf, type Spans, spanCollector } from '../../domain/spans.ts';
import type { ReadingQuery } from '../../domain/store/samples.ts';
import { arrivalOf, type FoundPieces } from './piece.ts';

/** Points of a plot with a line for each GPU. */
const MAX_GPU_POINTS = 100_000;

/** Returns a plot as `SampleStore.plotSamples` describes. Yields after each piece. */
export function* plotPieces(
  found: FoundPieces,
  { codes = [], by, order }: ReadingQuery,
  maxPoints: number,
): Generator<undefined, Plot> {
  const { pieces, names, gpus } = found;
  const total = pieces.reduce((sum, { count }) => sum + count, 0);
  const range = {
    firstMs: pieces.reduce((least, { startMs }) => Math.min(least, startMs), Infinity),
    lastMs: pieces.reduce((most, { endMs }) => Math.max(most, endMs), -Infinity),
    readings: total,
    areSumsEnough: codes.length === 0,
  };
  if (total === 0) return { points: NO_POINTS, spanMs: 0, total };
  const lines = by === 'gpu' ? names.length : 1;
  const spans = plotSpans(range, by === 'gpu' ? Math.min(maxPoints, mostSpans(lines)) : maxPoints);
  const points =
    by === 'gpu'
      ? { ...(yield* gpuPoints(found, codes, spans)), names, ...(gpus && { gpus }) }
      : yield* nodePoints(found, codes, spans);
  return { points: order === 'desc' ? reverseRows(points) : points, spanMs: spans.spanMs, total };
}

const NO_TIMES = new Float64Array(0);
const NO_POINTS: Readings = {
  count: 0,
  times: NO_TIMES,
  cpu: NO_TIMES,
  memory: NO_TIMES,
  gpu: NO_TIMES,
  nodes: new Uint32Array(0),
  names: [],
};

/** Returns how many spans leave room for every GPU. Throws `validation_error` if there is none. */
function mostSpans(gpus: number): number {
  if (gpus <= MAX_GPU_POINTS) return Math.floor(MAX_GPU_POINTS / gpus);
  throw invalid(`The job has ${gpus} GPUs, too many for one plot: ask for one node with node.`);
}

/** Adds up the samples of all nodes, and the further measures if there are codes. */
function* nodePoints(
  { pieces }: FoundPieces,
  codes: readonly number[],
  spans: Spans & { hasSums: boolean },
): Generator<undefined, Readings> {
  const collector = spanCollector(spans);
  const further = furtherCollector(spans, codes);
  for (const [place, piece] of pieces.entries()) {
    if (spans.hasSums) yield* arrivalOf(piece, 'quarters');
    const sums = spans.hasSums ? piece.quarters?.() : undefined;
    if (sums) collector.addSums(sums);
    else {
      yield* arrivalOf(piece);
      const readings = piece.open();
      collector.add(readings);
      if (codes.length > 0) further.add(readings);
    }
    if (piece.node !== pieces[place + 1]?.node) further.endNode();
    yield;
  }
  const sums = collector.sums();
  const points = pointsOf(sums);
  if (codes.length === 0) return points;
  const cells = Uint32Array.from(sums.times, (timeMs) =>
    Math.round((timeMs - spans.originMs) / spans.spanMs),
  );
  const columns = yield* further.points(cells);
  return {
    ...points,
    further: columns.further,
    points: { ...points.points!, further: columns.spreads },
  };
}

/** Adds up the readings of each GPU by itself. */
function* gpuPoints(
  { pieces, names }: FoundPieces,
  codes: readonly number[],
  spans: Spans,
): Generator<undefined, Omit<Readings, 'names'>> {
  const lines = names.length;
  const collector = furtherCollector(spans, codes, lines);
  for (const [place, piece] of pieces.entries()) {
    yield* arrivalOf(piece);
    collector.add(piece.open());
    if (piece.node !== pieces[place + 1]?.node) collector.endNode();
    yield;
  }
  const cells = collector.knownCells();
  const { further, spreads } = yield* collector.points(cells);
  const points = makePoints(cells.length);
  for (let i = 0; i < cells.length; i++) points.samples[i] = collector.rows[cells[i]!]!;
  const none = new Float64Array(cells.length);
  return {
    count: cells.length,
    times: Float64Array.from(cells, (cell) => spans.originMs + Math.floor(cell / lines) * spans.spanMs),
    cpu: none,
    memory: none,
    gpu: none,
    nodes: cells.map((cell) => cell % lines),
    further,
    points: { ...points, further: spreads },
  };
}
