import { expect, test } from 'bun:test';
import { addLook, restAfter } from '../../../src/slurm/follow/pace.ts';

const after = (...looks: number[]) => restAfter(looks.reduce<number[]>(addLook, []));

test('nineteen twentieths of the time are rest, and nine tenths where somebody waits', () => {
  expect(after(2000, 2000, 2000)).toEqual({ restMs: 38_000, hastenedMs: 18_000 });
});

test.each([
  ['the first look', [9500]],
  ['the second', [100, 9500]],
  ['one of many', [100, 100, 100, 100, 100, 9500]],
  ['two of five', [100, 9500, 100, 60_000, 100]],
  ['a time-out', [100, 100, 60_000]],
])('one that takes long is an outlier: %s', (_, looks) => {
  expect(after(...looks).restMs).toBeLessThanOrEqual(1900);
});

test('a lasting load is respected, but for no longer than ten minutes, and is forgotten when it is over', () => {
  expect(after(100, 9500, 9500, 9500).restMs).toBe(19 * 9500);
  expect(after(60_000, 60_000, 60_000, 60_000)).toEqual({ restMs: 600_000, hastenedMs: 540_000 });
  expect(after(9500, 9500, 9500, 100, 100, 100).restMs).toBe(1900);
});
