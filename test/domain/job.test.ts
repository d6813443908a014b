import { expect, test } from 'bun:test';
import { changeState, hasEnded, type JobLife, type JobState, runtimeSeconds } from '../../src/domain/job.ts';

const life = (state: JobState, endTimeMs?: number): JobLife => ({
  state,
  startTimeMs: 1000,
  hasStarted: state !== 'pending',
  endTimeMs,
});

const CHANGES: [from: JobLife, to: JobState, nowMs: number, after: Partial<JobLife>][] = [
  [life('running'), 'completed', 5000, { endTimeMs: 5000 }],
  [life('pending'), 'cancelled', 5000, { endTimeMs: 5000 }],
  [life('running'), 'failed', 500, { endTimeMs: 1000 }],
  [life('completed', 3000), 'failed', 5000, { endTimeMs: 3000 }],
  [life('completed', 3000), 'completed', 5000, { endTimeMs: 3000 }],
  [life('completed', 3000), 'running', 5000, { endTimeMs: undefined }],
  [life('failed', 3000), 'pending', 5000, { endTimeMs: undefined }],
  [life('running'), 'pending', 5000, {}],
  [life('running'), 'running', 5000, {}],
  [life('pending'), 'pending', 5000, {}],
  [life('pending'), 'running', 5000, { startTimeMs: 5000, hasStarted: true }],
];
test.each(CHANGES)('the API moves %j to %s at %d, which changes %j', (from, state, nowMs, after) => {
  expect(changeState(from, state, nowMs)).toEqual({ ...from, state, ...after });
});

test.each([
  [1000, null, 2500, 1.5],
  [1000, undefined, 2500, 1.5],
  [1000, 2000, 9000, 1],
  [1000, 1000, 9000, 0],
  [1000, null, 500, 0],
])('a job from %p to %p, or to now at %p, ran for %p s', (startMs, endMs, nowMs, seconds) => {
  expect(runtimeSeconds(startMs, endMs, nowMs)).toBe(seconds);
});

test.each([
  ['pending', false],
  ['running', false],
  ['completed', true],
  ['failed', true],
  ['cancelled', true],
] as const)('whether %s is an end of a job: %p', (state, is) => {
  expect(hasEnded(state)).toBe(is);
});
