import { expect, test } from 'bun:test';
import { type BatchMeasures, sliceMeasures } from '../../src/domain/batch-measures.ts';

const MEASURES: BatchMeasures = {
  columns: new Map([[1, Float64Array.of(10, 11, 12, 13)]]),
  gpus: {
    samples: Uint32Array.of(0, 0, 1, 3),
    names: ['a', 'b', 'a', 'c'],
    columns: new Map([[28, Float64Array.of(1, 2, 3, 4)]]),
  },
};

test.each([
  [0, 4, [10, 11, 12, 13], [0, 0, 1, 3], ['a', 'b', 'a', 'c'], [1, 2, 3, 4]],
  [0, 1, [10], [0, 0], ['a', 'b'], [1, 2]],
  [1, 3, [11, 12], [0], ['a'], [3]],
  [2, 3, [12], [], [], []],
  [3, 4, [13], [0], ['c'], [4]],
  [4, 4, [], [], [], []],
])(
  'samples %d to %d have their own measures, and readings of their GPUs',
  (start, end, values, samples, names, watts) => {
    const { columns, gpus } = sliceMeasures(MEASURES, start, end);
    expect([...columns.get(1)!]).toEqual(values);
    expect([...gpus!.samples]).toEqual(samples);
    expect(gpus!.names).toEqual(names);
    expect([...gpus!.columns.get(28)!]).toEqual(watts);
  },
);

test('measures without GPUs stay without', () => {
  expect(sliceMeasures({ columns: MEASURES.columns }, 1, 2).gpus).toBeUndefined();
});
