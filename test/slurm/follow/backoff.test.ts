import { expect, test } from 'bun:test';
import { createBackoff } from '../../../src/slurm/follow/backoff.ts';

test('an id that is asked about in vain is due after 15 s, then after twice as long, at most an hour', () => {
  const backoff = createBackoff();
  const askedMs: number[] = [];
  for (let nowMs = 0; nowMs < 6 * 3_600_000; nowMs += 1000) {
    if (!backoff.isDue('7', nowMs)) continue;
    askedMs.push(nowMs);
    backoff.markAsked(['7'], nowMs);
  }
  const waits = askedMs.slice(1).map((timeMs, index) => (timeMs - askedMs[index]!) / 1000);
  expect(waits.slice(0, 4)).toEqual([15, 30, 60, 120]);
  expect(waits.slice(-3)).toEqual([3600, 3600, 3600]);
});

test('the backoff forgets ids that are not retained', () => {
  const backoff = createBackoff();
  backoff.markAsked(['7', '8'], 0);
  backoff.retain(new Set(['8']));
  expect(['7', '8'].map((id) => backoff.isDue(id, 1000))).toEqual([true, false]);
});
