import { expect, test } from 'bun:test';
import type { ChangeEvent } from '../../src/api/live.ts';
import { delayOf } from '../../src/web/parts/concern.ts';

const change = (fields: Partial<ChangeEvent>): ChangeEvent => ({
  ...{ jobs: [], more_jobs: false, measured: [], more_measured: false, nodes: false },
  ...fields,
});

test('lists are read soon after jobs change, and later if jobs are only measured', () => {
  expect(delayOf('jobs', change({ jobs: ['7'] }))).toBe(5000);
  expect(delayOf('jobs', change({ more_jobs: true }))).toBe(5000);
  expect(delayOf('jobs', change({ measured: ['7'] }))).toBe(10_000);
  expect(delayOf('jobs', change({ nodes: true }))).toBeUndefined();
});

test('a job is read soon after its own changes, and later if it may be among those without a name', () => {
  const job = { job: '7' };
  expect(delayOf(job, change({ jobs: ['7'] }))).toBe(2000);
  expect(delayOf(job, change({ measured: ['6', '7'] }))).toBe(2000);
  expect(delayOf(job, change({ measured: ['6'], more_measured: true }))).toBe(10_000);
  expect(delayOf(job, change({ jobs: ['6'], nodes: true }))).toBeUndefined();
});

test('nodes are read later, after they reported', () => {
  expect(delayOf('nodes', change({ nodes: true }))).toBe(10_000);
  expect(delayOf('nodes', change({ jobs: ['7'] }))).toBeUndefined();
});
