import { expect, test } from 'bun:test';
import type { JobAnswer } from '../../src/api/job.ts';
import type { RunAnswer } from '../../src/api/run.ts';
import { momentsOf, stretchesOf } from '../../src/web/job/life-line.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 20, 10, minute)).toISOString();
const nowMs = Date.parse(at(60));

const job = (fields: Partial<JobAnswer>): JobAnswer => ({
  ...{ id: '1', user: 'alice', nodes: ['n1'], state: 'running', cpu_usage: 0, memory_usage_mb: 0 },
  ...fields,
});
const lifeOf = (fields: Partial<JobAnswer>, runs: RunAnswer[] = [], expected?: string) => {
  const input = { job: job(fields), runs, nowMs, expected };
  return {
    moments: momentsOf(input).map(({ name, time }) => [name, new Date(time).getUTCMinutes()]),
    stretches: stretchesOf(input).map(({ name, seconds }) => [name, seconds / 60]),
  };
};

test('a running job waited, runs, and has time left until its limit', () => {
  expect(lifeOf({ submit_time: at(0), start_time: at(20), time_limit_seconds: 50 * 60 })).toEqual({
    moments: [
      ['submitted', 0],
      ['started', 20],
      ['limit', 10],
    ],
    stretches: [
      ['waited', 20],
      ['runs for', 40],
      ['time left', 10],
    ],
  });
});

test('an ended job has its end, and nothing left', () => {
  const { moments, stretches } = lifeOf({
    ...{
      state: 'completed',
      submit_time: at(0),
      start_time: at(20),
      end_time: at(30),
      time_limit_seconds: 3600,
    },
  });
  expect(moments.at(-1)).toEqual(['ended', 30]);
  expect(stretches.at(-1)).toEqual(['ran', 10]);
});

test('a waiting job has no start, even if the API gave it one, and waits until it is expected to', () => {
  expect(lifeOf({ state: 'pending', submit_time: at(50), start_time: at(50) }, [], at(75))).toEqual({
    moments: [
      ['submitted', 50],
      ['expected start', 15],
    ],
    stretches: [
      ['waits for', 10],
      ['to wait yet', 15],
    ],
  });
});

test('a job that was queued again has the ends of its runs before', () => {
  const earlier = { ...job({ state: 'failed', start_time: at(5), end_time: at(10) }), run: 1 } as RunAnswer;
  const { moments } = lifeOf({ submit_time: at(0), start_time: at(20) }, [earlier]);
  expect(moments).toEqual([
    ['submitted', 0],
    ['requeued', 10],
    ['started', 20],
  ]);
});
