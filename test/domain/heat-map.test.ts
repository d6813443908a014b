import { expect, test } from 'bun:test';
import { cellCollector, GAP, mostColumns, packHeatMap } from '../../src/domain/heat-map.ts';
import { makePoints } from '../../src/domain/point-columns.ts';
import type { NodeReadings } from '../../src/domain/readings.ts';

const SPANS = { originMs: 0, spanMs: 1000, count: 4 };

function readings(times: readonly number[], cpu: readonly number[]): NodeReadings {
  const none = new Float64Array(times.length).fill(Number.NaN);
  return {
    count: times.length,
    times: Float64Array.from(times),
    cpu: Float64Array.from(cpu),
    memory: none,
    gpu: none,
    further: [{ code: 14, gpu: '', values: Float64Array.from(cpu) }],
  };
}

/** Runs to the end what may pause. */
function finish<Value>(steps: Generator<undefined, Value>): Value {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

test('a cell is the mean of its samples, and one without any is a gap and not 0', () => {
  const collector = cellCollector(SPANS, 2, 'cpu_usage');
  collector.add(0, readings([0, 500, 3000], [10, 30, 0]));
  collector.add(1, readings([1000], [100]));
  const values = collector.values();
  expect([...values]).toEqual([20, Number.NaN, Number.NaN, 0, Number.NaN, 100, Number.NaN, Number.NaN]);
  const map = finish(packHeatMap(values, SPANS, [{ node: 'n1' }, { node: 'n2' }]));
  expect([...map.cells]).toEqual([51, GAP, GAP, 0, GAP, 254, GAP, GAP]);
  expect(map.scale).toEqual({ min: 0, max: 100 });
  expect(map.rows).toEqual([
    { node: 'n1', mean: 10 },
    { node: 'n2', mean: 100 },
  ]);
});

test('strips have the least, mean and greatest cell of each column', () => {
  const collector = cellCollector(SPANS, 3, 'cpu_usage');
  for (const [row, cpu] of [10, 40, 70].entries()) collector.add(row, readings([0], [cpu]));
  collector.add(1, readings([2000], [5]));
  const { strips } = finish(packHeatMap(collector.values(), SPANS, [{}, {}, {}]));
  expect([...strips.min]).toEqual([10, Number.NaN, 5, Number.NaN]);
  expect([...strips.mean]).toEqual([40, Number.NaN, 5, Number.NaN]);
  expect([...strips.max]).toEqual([70, Number.NaN, 5, Number.NaN]);
});

test('a row without any sample has no mean, and a map without any value has gaps only', () => {
  const map = finish(packHeatMap(cellCollector(SPANS, 1, 'gpu_usage').values(), SPANS, [{ node: 'n1' }]));
  expect(map.rows).toEqual([{ node: 'n1' }]);
  expect([...map.cells]).toEqual([GAP, GAP, GAP, GAP]);
});

test('a counter is what it grew by in a second, unknown at first, after a gap and where it began anew', () => {
  const spans = { originMs: 0, spanMs: 2000, count: 6 };
  const collector = cellCollector(spans, 1, 'io_read_bytes');
  collector.add(0, readings([0, 1000, 2000, 6000, 8000, 10_000], [100, 200, 600, 700, 900, 50]));
  expect([...collector.values()]).toEqual([Number.NaN, 200, Number.NaN, Number.NaN, 100, Number.NaN]);
});

test('a point stands for its quarter of an hour with the weight of its samples', () => {
  const minute = 60_000;
  const spans = { originMs: 0, spanMs: 5 * minute, count: 4 };
  const points = makePoints(1);
  points.samples[0] = 3;
  const collector = cellCollector(spans, 1, 'cpu_usage');
  collector.add(0, { ...readings([0], [40]), points });
  collector.add(0, readings([1], [80]));
  expect([...collector.values()]).toEqual([50, 40, 40, Number.NaN]);
});

test('columns are no shorter than two intervals, and fewer for very many rows', () => {
  const range = { rows: 10, rangeMs: 3_600_000, intervalMs: 10_000 };
  expect(mostColumns(300, range)).toBe(180);
  expect(mostColumns(100, range)).toBe(100);
  expect(mostColumns(300, { ...range, rangeMs: 5000 })).toBe(1);
  expect(mostColumns(300, { ...range, rows: 100_000 })).toBe(10);
  expect(() => mostColumns(300, { ...range, rows: 100_001 })).toThrow('ask for one node');
});
