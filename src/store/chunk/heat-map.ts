import {
  cellCollector,
  type HeatMap,
  isUsageField,
  mostColumns,
  packHeatMap,
} from '../../domain/heat-map.ts';
import { medianOf, typicalInterval } from '../../domain/interval.ts';
import { plotSpans } from '../../domain/spans.ts';
import type { HeatMapQuery } from '../../domain/store/samples.ts';
import { arrivalOf, type FoundPieces, type Piece } from './piece.ts';

/** Pieces whose times are looked at to learn how often samples were taken. */
const PROBES = 9;

/**
 * Returns a map as `SampleStore.mapSamples` describes; `names` are those of its rows. Yields after a piece.
 */
export function* mapPieces(
  { pieces, names }: { pieces: FoundPieces['pieces']; names: readonly { node?: string; gpu?: string }[] },
  { field, columns, by }: HeatMapQuery,
): Generator<undefined, HeatMap> {
  const readings = pieces.reduce((sum, { count }) => sum + count, 0);
  if (readings === 0) return yield* packHeatMap(new Float64Array(0), NO_SPANS, []);
  const firstMs = pieces.reduce((least, { startMs }) => Math.min(least, startMs), Infinity);
  const lastMs = pieces.reduce((most, { endMs }) => Math.max(most, endMs), -Infinity);
  const intervalMs = yield* probeInterval(pieces);
  const most = mostColumns(columns, { rows: names.length, rangeMs: lastMs - firstMs, intervalMs });
  const areSumsEnough = by !== 'gpu' && isUsageField(field);
  const spans = plotSpans({ firstMs, lastMs, readings, areSumsEnough }, most);
  const collector = cellCollector(spans, names.length, field);
  for (const piece of pieces) {
    if (spans.hasSums) yield* arrivalOf(piece, 'quarters');
    const sums = spans.hasSums ? piece.quarters?.() : undefined;
    if (sums) collector.addSums(piece.node, sums);
    else {
      yield* arrivalOf(piece);
      collector.add(piece.node, piece.open());
    }
    yield;
  }
  return yield* packHeatMap(collector.values(), spans, names);
}

const NO_SPANS = { originMs: 0, spanMs: 0, count: 0 };

/** Returns the typical interval of some of the pieces. */
function* probeInterval(pieces: readonly Piece[]): Generator<undefined, number> {
  const step = Math.max(1, Math.floor(pieces.length / PROBES));
  const intervals: number[] = [];
  for (let place = 0; place < pieces.length; place += step) {
    yield* arrivalOf(pieces[place]!);
    const intervalMs = typicalInterval(pieces[place]!.open().times);
    if (intervalMs > 0) intervals.push(intervalMs);
    yield;
  }
  return medianOf(intervals);
}
