import { placeOf } from '../../domain/readings.ts';
import { type SpanSums, spanCollector, spansOver } from '../../domain/spans.ts';
import type { ChunkColumns } from './chunk.ts';
import { DOCUMENTED_COLUMNS } from './gather.ts';

/** Samples of one chunk: half a day at one every 30 s, which packs into one or two pages of 4 kB. */
export const CHUNK_SAMPLES = 1440;
/**
 * Samples from which a chunk gets no more while sealing is urgent, because packing a chunk again for each
 * seal is most of the work.
 */
export const URGENT_CHUNK_SAMPLES = 360;
/**
 * Samples of one millisecond share a chunk up to this many;
 * such a chunk still unpacks in less than a millisecond.
 */
const MAX_SAMPLES = 8192;
/** Values of one chunk: packing as many takes about two milliseconds. */
const CHUNK_VALUES = 24_000;

/**
 * A quarter takes as much space as six samples, and the quarters of a chunk unpack in 2 % of the time of the
 * chunk. With fewer samples to a quarter, or few samples at all, reading the samples is as good.
 */
const MIN_SAMPLES_A_QUARTER = 45;
export const MIN_SAMPLES = 256;

/** Returns how many samples with as many columns a chunk holds. */
export const greatestCount = ({ further = [] }: ChunkColumns): number =>
  Math.min(CHUNK_SAMPLES, Math.ceil(CHUNK_VALUES / (DOCUMENTED_COLUMNS + further.length)));

/** Returns whether samples from `firstMs` on must not be added to a chunk. */
export function isFull(chunk: ChunkColumns, firstMs: number, fullSamples: number): boolean {
  const { count, times } = chunk;
  const lastMs = times[count - 1]!;
  return (
    (count >= Math.min(fullSamples, greatestCount(chunk)) && firstMs > lastMs) ||
    (count >= MAX_SAMPLES && firstMs === lastMs)
  );
}

/**
 * Returns where a chunk of about `most` samples that begins at `start` ends. Samples of one millisecond share
 * a chunk; if they are too many, they get chunks of their own, so that `chunk.seq` gives their order of
 * arrival.
 */
export function endOfChunk(times: Float64Array, start: number, most: number): number {
  const end = start + most;
  if (end >= times.length) return times.length;
  const groupEnd = placeOf(times, times[end - 1]! + 1, end);
  if (groupEnd - start <= MAX_SAMPLES) return groupEnd;
  const groupStart = placeOf(times, times[end - 1]!, start);
  return groupStart > start ? groupStart : start + MAX_SAMPLES;
}

/** Returns the quarters of samples; undefined if they are too many for their samples. */
export function quartersOf(samples: ChunkColumns): SpanSums | undefined {
  const { count, times } = samples;
  if (count < MIN_SAMPLES) return undefined;
  const spans = spansOver(times[0]!, times[count - 1]!);
  // Samples that are far apart would make a large table of empty spans.
  if (spans.count * MIN_SAMPLES_A_QUARTER > 4 * count) return undefined;
  const collector = spanCollector(spans);
  collector.add(samples);
  const sums = collector.sums();
  return sums.count * MIN_SAMPLES_A_QUARTER <= count ? sums : undefined;
}
