import { expect, test } from 'bun:test';
import { gridOver, placePoints } from '../../../src/domain/nodes/usage-grid.ts';
import type { Readings } from '../../../src/domain/readings.ts';

const points = (rows: readonly (readonly [timeMs: number, value: number])[]): Readings => ({
  count: rows.length,
  times: Float64Array.from(rows, ([timeMs]) => timeMs),
  cpu: Float64Array.from(rows, ([, value]) => value),
  memory: new Float64Array(rows.length),
  gpu: new Float64Array(rows.length),
  nodes: new Uint32Array(rows.length),
  names: ['n1'],
});
const place = (rows: Parameters<typeof points>[0], spanMs: number) => {
  const readings = points(rows);
  return placePoints({ startMs: 10_000, stepMs: 1000, columns: 4 }, readings, spanMs, readings.cpu);
};

test('a grid has whole seconds and covers its range', () => {
  expect(gridOver(5000, 65_000, 40)).toEqual({ startMs: 5000, stepMs: 2000, columns: 30 });
  expect(gridOver(5000, 5100, 40)).toEqual({ startMs: 5000, stepMs: 1000, columns: 1 });
});

test('a column has the mean of the points that begin in it; one without any has no value', () => {
  expect(
    place(
      [
        [10_000, 10],
        [10_500, 20],
        [12_999, 7],
        [13_000, Number.NaN],
      ],
      500,
    ),
  ).toEqual([15, null, 7, null]);
});

test('a point that is longer than a column is in all that it covers, and none beyond the grid', () => {
  expect(place([[11_000, 3]], 2000)).toEqual([null, 3, 3, null]);
  expect(place([[12_500, 3]], 9000)).toEqual([null, null, 3, 3]);
  expect(place([[9500, 4]], 2000)).toEqual([4, 4, null, null]);
});
