import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import {
  joinReadings,
  type NodeReadings,
  type Readings,
  sliceReadings,
} from '../../../src/domain/readings.ts';
import { mergePieces } from '../../../src/store/chunk/merge.ts';
import type { Piece } from '../../../src/store/chunk/piece.ts';
import { readingsOf } from '../../help/readings.ts';

/** Samples at some times; the memory tells them apart. */
function columns(times: readonly number[], first: number): NodeReadings {
  const sorted = times.toSorted((one, other) => one - other);
  return {
    count: times.length,
    times: Float64Array.from(sorted),
    cpu: new Float64Array(times.length).fill(1),
    memory: Float64Array.from(sorted, (_, index) => first + index),
    gpu: new Float64Array(times.length).fill(Number.NaN),
  };
}

/** Pieces that count how often they are read. */
function makePieces(series: readonly (readonly number[])[]) {
  let opened = 0;
  const pieces = series.map((times, place): Piece => {
    const readings = columns(times, place * 1_000_000);
    return {
      startMs: readings.times[0]!,
      endMs: readings.times.at(-1)!,
      count: times.length,
      node: place,
      open() {
        opened++;
        return sliceReadings(readings, 0, readings.count);
      },
    };
  });
  return { pieces, names: series.map((_, place) => `n${place}`), opened: () => opened };
}

type Made = ReturnType<typeof makePieces>;

function merge({ pieces, names }: Made, order: 'asc' | 'desc', limit?: number): Readings {
  const batches = [...mergePieces(pieces, { names, order, ...(limit !== undefined && { limit }) })];
  return joinReadings(
    batches.filter((batch) => batch !== undefined),
    { names },
  );
}

/** What a merge should give: by time, then by piece, then by place in the piece. */
const sorted = ({ pieces }: Made) =>
  pieces
    .flatMap((piece) =>
      [...piece.open().memory].map((memory, i) => [piece.open().times[i]!, memory] as const),
    )
    .sort((one, other) => one[0] - other[0] || one[1] - other[1]);

const rowsOf = (readings: Readings) =>
  readingsOf(readings).map(({ timeMs, memoryUsageMb }) => [timeMs, memoryUsageMb] as const);

test.each([1, 2, 3, 4, 5, 6])(
  'pieces are merged by time, in both orders and up to a limit (seed %d)',
  (seed) => {
    const random = createRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const made = makePieces(
      Array.from({ length: 1 + below(40) }, () => {
        const [start, span] = [below(1e6) - 5e5, 1 + below(10 ** below(6))];
        return Array.from({ length: 1 + below(10 ** below(5)) }, () => start + below(span));
      }),
    );
    const expected = sorted(made);
    expect(rowsOf(merge(made, 'asc'))).toEqual(expected);
    const backwards = rowsOf(merge(made, 'desc'));
    expect(backwards).toEqual(expected.toReversed());
    for (const limit of [1, 7, below(expected.length) + 1]) {
      expect(rowsOf(merge(made, 'desc', limit))).toEqual(backwards.slice(0, limit));
    }
  },
);

test('rows with equal times keep the order of their pieces, even 140,000 of them', () => {
  const made = makePieces([new Array<number>(70_000).fill(5), [4, 5, 6], new Array<number>(70_000).fill(5)]);
  expect(rowsOf(merge(made, 'asc'))).toEqual(sorted(made));
});

test('times that are years apart are merged in order', () => {
  const years = Array.from({ length: 20_000 }, (_, i) => (i % 57) * 31_536_000_000 + i);
  const made = makePieces([years, years.map((timeMs) => timeMs + 1)]);
  expect(rowsOf(merge(made, 'asc'))).toEqual(sorted(made));
});

/** So many nodes with a chunk each four hours, a sample each 10 s. */
const bigJob = (nodes: number, chunks: number) =>
  makePieces(
    Array.from({ length: nodes * chunks }, (_, index) => {
      const startMs = Math.floor(index / nodes) * 14_400_000 + (index % nodes);
      return Array.from({ length: 1440 }, (_, i) => startMs + i * 10_000);
    }),
  );

test('reading the newest rows opens only the pieces that have them', () => {
  const job = bigJob(100, 6);
  expect(merge(job, 'desc', 10).count).toBe(10);
  expect(job.opened()).toBe(10);
  const long = bigJob(1, 100);
  merge(long, 'desc', 10);
  expect(long.opened()).toBeLessThanOrEqual(3);
});

test('reading all rows of a big job opens each piece at most five times and yields small batches', () => {
  const job = bigJob(400, 2);
  const rows: number[] = [];
  let held = 0;
  const pieces = job.pieces.map((piece) => ({
    ...piece,
    open() {
      held += piece.count;
      return piece.open();
    },
  }));
  for (const batch of mergePieces(pieces, { names: job.names, order: 'asc' })) {
    if (batch) rows.push(batch.count);
  }
  expect(rows.reduce((sum, count) => sum + count, 0)).toBe(400 * 2 * 1440);
  expect(Math.max(...rows)).toBeLessThanOrEqual(16_384);
  expect(held / (400 * 2 * 1440)).toBeLessThanOrEqual(5);
});
