import { expect, test } from 'bun:test';
import { changeState, hasEnded, type JobLife, type JobState, runtimeSeconds } from '../../src/domain/job.ts';

const life = (state: JobState, endTimeMs: number | null): JobLife => ({
  state,
  startTimeMs: 1000,
  endTimeMs,
});

const CHANGES: [from: JobLife, to: JobState, nowMs: number, endTimeMs: number | null][] = [
  [life('running', null), 'completed', 5000, 5000],
  [life('pending', null), 'cancelled', 5000, 5000],
  [life('running', null), 'failed', 500, 1000],
  [life('completed', 3000), 'failed', 5000, 3000],
  [life('completed', 3000), 'completed', 5000, 3000],
  [life('completed', 3000), 'running', 5000, null],
  [life('failed', 3000), 'pending', 5000, null],
  [life('running', null), 'pending', 5000, null],
  [life('pending', null), 'running', 5000, null],
];
test.each(CHANGES)('%j to %s at %d ends at %p', (from, state, nowMs, endTimeMs) => {
  expect(changeState(from, state, nowMs)).toEqual({ state, startTimeMs: 1000, endTimeMs });
});

test.each([
  [1000, null, 2500, 1.5],
  [1000, undefined, 2500, 1.5],
  [1000, 2000, 9000, 1],
  [1000, 1000, 9000, 0],
  [1000, null, 500, 0],
])('from %p to %p, or to now at %p, are %p s', (startMs, endMs, nowMs, seconds) => {
  expect(runtimeSeconds(startMs, endMs, nowMs)).toBe(seconds);
});

test.each([
  ['pending', false],
  ['running', false],
  ['completed', true],
  ['failed', true],
  ['cancelled', true],
] as const)('%s is an end: %p', (state, is) => {
  expect(hasEnded(state)).toBe(is);
});
