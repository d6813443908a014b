import { expect, test } from 'bun:test';
import { cutParts, joinResults } from '../../../../src/store/sqlite/writer/parts.ts';

const weigh = (weight: number) => weight;

test.each([
  [[], [[]]],
  [[3, 3, 3], [[3, 3, 3]]],
  [
    [3, 3, 4, 1],
    [[3, 3, 4], [1]],
  ],
  [
    [20, 1],
    [[20], [1]],
  ],
  [
    [1, 20, 1],
    [[1], [20], [1]],
  ],
])('rows of the weights %j are cut into %j where a part may weigh 10', (rows, parts) => {
  expect(cutParts(rows, weigh, 10)).toEqual(parts);
});

test('a batch that is one part is not copied', () => {
  const rows = [1, 2];
  expect(cutParts(rows, weigh, 10)[0]).toBe(rows);
});

test('refusals name places in the whole batch, and no more than 100 are explained', () => {
  const parts = [Array(200).fill(0), Array(200).fill(0)];
  const refusal = (index: number) => ({ index, error: 'conflict' as const, message: 'no' });
  const result = (count: number) => ({
    stored: 200 - count,
    repeated: 0,
    refused: count,
    refusals: Array.from({ length: Math.min(100, count) }, (_, index) => refusal(index)),
  });
  const joined = joinResults(parts, [result(60), result(150)]);
  expect({ ...joined, refusals: joined.refusals.length }).toEqual({
    stored: 190,
    repeated: 0,
    refused: 210,
    refusals: 100,
  });
  expect(joined.refusals[60]).toEqual(refusal(200));
});
