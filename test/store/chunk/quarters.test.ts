import { expect, test } from 'bun:test';
import type { SampleColumns } from '../../../src/domain/readings.ts';
import { type SpanSums, spanCollector, spansOver } from '../../../src/domain/spans.ts';
import { ChunkError } from '../../../src/store/chunk/bytes.ts';
import { columnsOf } from '../../../src/store/chunk/chunk.ts';
import { packQuarters, unpackQuarters } from '../../../src/store/chunk/quarters.ts';
import { realisticSeries, uniformSeries } from '../../help/noise.ts';

function sumsOf(samples: SampleColumns): SpanSums {
  const collector = spanCollector(spansOver(samples.times[0]!, samples.times[samples.count - 1]!));
  collector.add(samples);
  return collector.sums();
}

const believable = columnsOf(realisticSeries(1440).toSorted((one, other) => one.timeMs - other.timeMs));
const thirds = { ...believable, cpu: believable.cpu.map((_, i) => i / 3) };

test.each<[string, SampleColumns]>([
  ['believable', believable],
  ['uniformly random', columnsOf(uniformSeries(1440))],
  ['no GPU', { ...believable, gpu: believable.gpu.map(() => Number.NaN) }],
  ['some GPU', { ...believable, gpu: believable.gpu.map((value, i) => (i % 97 > 40 ? value : Number.NaN)) }],
  ['thirds', thirds],
  ['enormous memory', { ...believable, memory: believable.memory.map(() => 2 ** 33) }],
  ['zeros', { ...believable, cpu: new Float64Array(1440), memory: new Float64Array(1440) }],
  ['one sample', columnsOf(realisticSeries(1))],
])('packed points are unpacked to the same counts, minima and maxima: %s', (_, samples) => {
  const sums = sumsOf(samples);
  const read = unpackQuarters(packQuarters(sums));
  const exact = ({ count, times, samples, gpuSamples, cpu, memory, gpu }: SpanSums) => [
    count,
    times,
    samples,
    gpuSamples,
    ...[cpu, memory, gpu].flatMap(({ min, max }) => [min, max]),
  ];
  expect(exact(read)).toEqual(exact(sums));
  for (const measure of ['cpu', 'memory', 'gpu'] as const) {
    for (const [i, sum] of read[measure].sum.entries()) expect(sum).toBeCloseTo(sums[measure].sum[i]!, 6);
  }
});

test('a packed point takes less than 24 bytes', () => {
  const sums = sumsOf(believable);
  expect(packQuarters(sums).length / sums.count).toBeLessThan(24);
});

test('damaged points give a ChunkError', () => {
  const packed = packQuarters(sumsOf(believable));
  for (let at = 0; at < packed.length; at += 7) {
    const bytes = packed.slice();
    bytes[at]! ^= 1 << (at % 8);
    expect(() => unpackQuarters(bytes)).toThrow(ChunkError);
  }
  expect(() => unpackQuarters(packed.subarray(0, 4))).toThrow(ChunkError);
});
