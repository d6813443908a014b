import { expect, test } from 'bun:test';
import type { JobAnswer } from '../../src/api/job.ts';
import { type ListedJob, markLeft } from '../../src/web/jobs/left.ts';

const jobsOf = (ids: string): ListedJob[] =>
  [...ids].map((id) => ({ id, user: 'u', nodes: [], state: 'running', cpu_usage: 0, memory_usage_mb: 0 }));
const page = (ids: string, goesOn = false) => ({
  jobs: jobsOf(ids) as JobAnswer[],
  ...(goesOn && { next_cursor: 'x' }),
});
const leftOf = (listed: readonly ListedJob[]) =>
  listed.flatMap(({ id, hasLeft }) => (hasLeft ? id : [])).join('');

test('jobs that are not in the whole list any more have left it, whatever its order', () => {
  expect(leftOf(markLeft(jobsOf('abcd'), 0, page('xac'), 'cpu_usage'))).toBe('bd');
});

test('of a page that goes on, only jobs before others of it have left', () => {
  expect(leftOf(markLeft(jobsOf('abcdefg'), 0, page('xxbcd', true), 'start_time'))).toBe('a');
  expect(leftOf(markLeft(jobsOf('abcdefg'), 2, page('dg', true), 'start_time'))).toBe('cef');
  expect(leftOf(markLeft(jobsOf('abc'), 0, page('xyz', true), 'start_time'))).toBe('');
});

test('by usage jobs pass each other, so that nobody has left a page that goes on', () => {
  expect(leftOf(markLeft(jobsOf('abc'), 0, page('c', true), 'gpu_usage'))).toBe('');
});

test('what has not changed stays the same object', () => {
  const listed = jobsOf('ab');
  const once = markLeft(listed, 0, page('a'), 'start_time');
  expect(once[0]).toBe(listed[0]!);
  expect(markLeft(once, 0, page('a'), 'start_time')[1]).toBe(once[1]!);
});
