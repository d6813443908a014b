import { expect, test } from 'bun:test';
import { furtherCollector } from '../../src/domain/further-spans.ts';
import { MEASURES, type MeasureName } from '../../src/domain/measure.ts';
import type { NodeReadings } from '../../src/domain/readings.ts';

const code = (name: MeasureName) => MEASURES.get(name)!.code;
const SPANS = { originMs: 0, spanMs: 10, count: 4 };
const NONE = Number.NaN;

/** Samples at some times with one further measure. */
function samples(
  times: readonly number[],
  values: readonly number[],
  labels?: readonly number[],
): NodeReadings {
  const none = new Float64Array(times.length);
  return {
    count: times.length,
    times: Float64Array.from(times),
    ...{ cpu: none, memory: none, gpu: none },
    further: [{ code: 0, gpu: '', values: Float64Array.from(values) }],
    ...(labels && { labels: Float64Array.from(labels) }),
  };
}

const valuesOf = (collector: ReturnType<typeof furtherCollector>, cells: number[]) => {
  const steps = collector.points(cells);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const { further, spreads } = step.value;
  const [{ min, mean, max } = { min: [], mean: [], max: [] }] = spreads;
  return { values: [...further[0]!.values], min: [...min], mean: [...mean], max: [...max] };
};

test('a gauge is the mean of its samples, and absent in a span where no sample has it', () => {
  const collector = furtherCollector(SPANS, [code('cpus_used')]);
  collector.add(samples([0, 5, 9, 10, 25], [1, 2, 4, NONE, 7]));
  collector.endNode();
  expect(valuesOf(collector, [0, 1, 2])).toEqual({
    values: [2.333333, NONE, 7],
    min: [1, NONE, 7],
    mean: [2.333333, NONE, 7],
    max: [4, NONE, 7],
  });
});

test('the mean of bytes is a whole number', () => {
  const collector = furtherCollector(SPANS, [code('memory_peak_bytes')]);
  collector.add(samples([0, 1], [2 ** 40, 2 ** 40 + 1]));
  expect(valuesOf(collector, [0]).values).toEqual([2 ** 40 + 1]);
});

test('a counter is its latest value, so that differences between points are what was counted', () => {
  const collector = furtherCollector(SPANS, [code('cpu_seconds')]);
  collector.add(samples([0, 9, 10, 15, 31], [0, 90, 100, 150, 310]));
  collector.endNode();
  expect(valuesOf(collector, [0, 1, 3])).toEqual({
    values: [90, 150, 310],
    min: [0, 100, 310],
    mean: [45, 125, 310],
    max: [90, 150, 310],
  });
});

test('a counter is added up over nodes, and a silent node neither raises nor lowers the sum', () => {
  const collector = furtherCollector(SPANS, [code('io_read_bytes')]);
  collector.add(samples([0, 10, 20, 30], [100, 200, 300, 400]));
  collector.endNode();
  // Silent in the first and in the third span.
  collector.add(samples([15], [1000]));
  collector.add(samples([35], [1050]));
  collector.endNode();
  collector.add(samples([0, 10, 20, 30], [NONE, NONE, NONE, NONE]));
  collector.endNode();
  expect(valuesOf(collector, [0, 1, 2, 3]).values).toEqual([1100, 1200, 1300, 1450]);
});

test('rows with labels are added up by span and label', () => {
  const collector = furtherCollector(SPANS, [code('gpu_power_watts')], 2);
  collector.add(samples([0, 0, 5, 20], [300, 100, 400, 50], [0, 1, 0, 1]));
  collector.endNode();
  expect([...collector.knownCells()]).toEqual([0, 1, 5]);
  expect(valuesOf(collector, [0, 1, 5]).values).toEqual([350, 100, 50]);
  expect(collector.rows[0]).toBe(2);
});
