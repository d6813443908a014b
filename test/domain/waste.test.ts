import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { TallyRow } from '../../src/domain/store/tallies.ts';
import { NO_TALLY, type Tally } from '../../src/domain/tally/tally.ts';
import { RESOURCES, sortByWaste, sumWasted, wastedOf } from '../../src/domain/waste.ts';

const row = (name: string, tally: Partial<Tally>): TallyRow => ({ name, tally: { ...NO_TALLY, ...tally } });

const ROWS = [
  row('unmeasured', { gpuSeconds: 900, cpuSeconds: 9000 }),
  row('busy', { gpuSeconds: 100, gpuMeasuredSeconds: 100, gpuUsedSeconds: 100 }),
  row('idle', { gpuSeconds: 100, gpuMeasuredSeconds: 60, gpuUsedSeconds: 10 }),
  row('cpus', { cpuSeconds: 500, cpuMeasuredSeconds: 500, cpuUsedSeconds: 100 }),
  row('more', { memoryMbSeconds: 10, memoryMeasuredMbSeconds: 10, memoryUsedMbSeconds: 12 }),
];

test('only what was measured and not used is wasted', () => {
  expect(ROWS.map(({ tally }) => RESOURCES.map((resource) => wastedOf(tally, resource)))).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [50, 0, 0],
    [0, 400, 0],
    [0, 0, 0],
  ]);
});

test('the most waste comes first, then the most of the other resources, then names', () => {
  const names = (first: 'gpu' | 'cpu') => sortByWaste(ROWS, first).map(({ name }) => name);
  expect(names('gpu')).toEqual(['idle', 'cpus', 'busy', 'more', 'unmeasured']);
  expect(names('cpu')).toEqual(['cpus', 'idle', 'busy', 'more', 'unmeasured']);
});

test('the shares of all rows make the whole', () => {
  const amount = fc.nat(1e9);
  const rows = fc.array(
    fc.record({ gpuMeasuredSeconds: amount, gpuUsedSeconds: amount }).map((tally) => row('x', tally)),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(rows, (some) => {
      const total = sumWasted(some, 'gpu');
      fc.pre(total > 0);
      const shares = some.map(({ tally }) => wastedOf(tally, 'gpu') / total);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
      expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
    }),
  );
});
