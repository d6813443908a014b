import { expect, test } from 'bun:test';
import { isRefused, isSealedEarly, pauseAfter, urgencyOf } from '../../src/domain/unsealed.ts';

test.each([
  [0, 0],
  [1_000_000, 0],
  [2_000_000, 0.5],
  [3_000_000, 1],
  [9_000_000, 1],
])('with %d of 4,000,000 samples unsealed, the urgency of sealing is %d', (unsealed, urgency) => {
  expect(urgencyOf(unsealed, 4_000_000)).toBe(urgency);
});

test('samples are sealed regardless of their age from a quarter of the most on', () => {
  expect([1_000_000, 1_000_001].map((unsealed) => isSealedEarly(unsealed, 4_000_000))).toEqual([false, true]);
});

test.each([
  [0, 0, 20],
  [5, 0, 20],
  [30, 0, 120],
  [30, 0.5, 60],
  [5, 0.75, 5],
  [30, 1, 0],
])('after a step of %d ms at urgency %d there is a pause of %d ms', (stepMs, urgency, pauseMs) => {
  expect(pauseAfter(stepMs, urgency)).toBe(pauseMs);
});

test.each([
  ['batch', 3_999_999, false],
  ['batch', 4_000_000, true],
  ['single', 4_000_000, false],
  ['single', 4_999_999, false],
  ['single', 5_000_000, true],
] as const)('a %s of samples at %d of 4,000,000 unsealed is refused: %p', (kind, unsealed, refused) => {
  expect(isRefused(unsealed, 4_000_000, kind)).toBe(refused);
});
