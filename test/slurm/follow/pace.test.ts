import { expect, test } from 'bun:test';
import { addPoll, restAfter } from '../../../src/slurm/follow/pace.ts';

const after = (...polls: number[]) => restAfter(polls.reduce<number[]>(addPoll, []));

test('Slurm commands rest nineteen twentieths of the time, or nine tenths when a poll is requested', () => {
  expect(after(2000, 2000, 2000)).toEqual({ restMs: 38_000, hastenedMs: 18_000 });
});

test.each([
  ['the first poll', [9500]],
  ['the second poll', [100, 9500]],
  ['one of many', [100, 100, 100, 100, 100, 9500]],
  ['two of five', [100, 9500, 100, 60_000, 100]],
  ['a timeout', [100, 100, 60_000]],
])('a single slow poll does not lengthen the rest: %s', (_, polls) => {
  expect(after(...polls).restMs).toBeLessThanOrEqual(1900);
});

test('a lasting load lengthens the rest to at most ten minutes, and only while it lasts', () => {
  expect(after(100, 9500, 9500, 9500).restMs).toBe(19 * 9500);
  expect(after(60_000, 60_000, 60_000, 60_000)).toEqual({ restMs: 600_000, hastenedMs: 540_000 });
  expect(after(9500, 9500, 9500, 100, 100, 100).restMs).toBe(1900);
});
