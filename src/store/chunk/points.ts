import { makePoints } from '../../domain/point-columns.ts';
import type { NodeReadings } from '../../domain/readings.ts';
import type { Point, Spread } from '../../domain/summary.ts';
import { ChunkError, type ChunkSample, packChunk, unpackChunk, unpackColumns } from './chunk.ts';

// Points are packed as four chunks one after the other, each after its length in 4 bytes, little-endian:
// minima, means, maxima, and counts (all samples as CPU, samples with GPU as memory). Each has its own
// version and checksum. Memory is rounded to whole MB. A length is always below 2^24, so its last byte is 0
// in version 1; a later version writes its number there. docs/storage.md specifies the format.
const VERSION_AT = 3;

/** Packs points, which must be ascending in time. */
export function packPoints(points: readonly Point[]): Uint8Array {
  const series = (pick: (spread: Spread) => number): ChunkSample[] =>
    points.map(({ timeMs, cpuUsage, memoryUsageMb, gpuUsage }) => ({
      timeMs,
      cpuUsage: pick(cpuUsage),
      memoryUsageMb: Math.round(pick(memoryUsageMb)),
      gpuUsage: gpuUsage ? pick(gpuUsage) : null,
    }));
  const counts = points.map(({ timeMs, samples, gpuUsage }) => ({
    timeMs,
    cpuUsage: samples,
    memoryUsageMb: gpuUsage?.samples ?? 0,
    gpuUsage: null,
  }));
  const columns = [series(({ min }) => min), series(({ mean }) => mean), series(({ max }) => max), counts];
  return Buffer.concat(
    columns.flatMap((column) => {
      const packed = packChunk(column);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(packed.byteLength);
      return [length, packed];
    }),
  );
}

/** Unpacks points. Throws ChunkError if they are damaged. */
export function unpackPoints(bytes: Uint8Array): Point[] {
  const [least, means, largest, counts] = splitColumns(bytes).map(unpackChunk);
  if (!least || !means || !largest || !counts) throw new ChunkError('a column of the points is missing');
  return counts.map(({ timeMs, cpuUsage: samples, memoryUsageMb: gpuSamples }, index) => {
    const [min, mean, max] = [least[index], means[index], largest[index]];
    if (!min || !mean || !max) throw new ChunkError('the columns of the points differ in length');
    return {
      timeMs,
      samples,
      cpuUsage: { min: min.cpuUsage, mean: mean.cpuUsage, max: max.cpuUsage },
      memoryUsageMb: { min: min.memoryUsageMb, mean: mean.memoryUsageMb, max: max.memoryUsageMb },
      ...(gpuSamples > 0 && {
        gpuUsage: {
          min: min.gpuUsage ?? 0,
          mean: mean.gpuUsage ?? 0,
          max: max.gpuUsage ?? 0,
          samples: gpuSamples,
        },
      }),
    };
  });
}

/**
 * Unpacks points to columns: the means, with minima, maxima
 * and counts in `points`. Throws ChunkError if damaged.
 */
export function unpackPointColumns(bytes: Uint8Array): NodeReadings {
  const [least, means, largest, counts] = splitColumns(bytes).map((column) => unpackColumns(column));
  if (!least || !means || !largest || !counts) throw new ChunkError('a column of the points is missing');
  const { count } = counts;
  if (least.count !== count || means.count !== count || largest.count !== count) {
    throw new ChunkError('the columns of the points differ in length');
  }
  const points = makePoints(count);
  points.samples.set(counts.cpu);
  points.gpuSamples.set(counts.memory);
  points.cpuMin.set(least.cpu);
  points.cpuMax.set(largest.cpu);
  points.memoryMin.set(least.memory);
  points.memoryMax.set(largest.memory);
  points.gpuMin.set(least.gpu);
  points.gpuMax.set(largest.gpu);
  return { ...means, times: counts.times, points };
}

function splitColumns(bytes: Uint8Array): Uint8Array[] {
  const version = bytes[VERSION_AT];
  if (version) throw new ChunkError(`The points have version ${version}; this program reads version 1.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const columns: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.byteLength) {
    const end = offset + 4 <= bytes.byteLength ? offset + 4 + view.getUint32(offset, true) : Infinity;
    if (end > bytes.byteLength) throw new ChunkError('the points are cut short');
    columns.push(bytes.subarray(offset + 4, end));
    offset = end;
  }
  return columns;
}
