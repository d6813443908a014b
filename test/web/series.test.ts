import { describe, expect, test } from 'bun:test';
import type { SampleAnswer } from '../../src/api/sample.ts';
import { alignLines } from '../../src/web/job/series.ts';

const at = (seconds: number, cpu: number, memory = 1): SampleAnswer => ({
  timestamp: new Date(seconds * 1000).toISOString(),
  cpu_usage: cpu,
  memory_usage_mb: memory,
});
const line = (label: string, ...samples: SampleAnswer[]) => ({ label, samples });

describe('lines of a plot', () => {
  test('share their times', () => {
    const { times, columns } = alignLines(
      [line('a', at(0, 1), at(20, 2)), line('b', at(10, 3))],
      'cpu_usage',
    );
    expect(times).toEqual([0, 10, 20]);
    expect(columns).toEqual([
      [1, undefined, 2],
      [undefined, 3, undefined],
    ]);
  });

  test('are interrupted by a null where nothing came for longer than usual', () => {
    const { times, columns } = alignLines(
      [line('a', at(0, 1), at(10, 2), at(100, 3), at(110, 4))],
      'cpu_usage',
    );
    expect(times).toEqual([0, 10, 55, 100, 110]);
    expect(columns).toEqual([[1, 2, null, 3, 4]]);
  });

  test('go on where samples merely come at another interval', () => {
    const seldom = [at(0, 1), at(60, 2), at(120, 3)];
    const often = [at(125, 4), at(130, 5), at(135, 6)];
    expect(alignLines([line('a', ...seldom, ...often)], 'cpu_usage').columns[0]).not.toContain(null);
  });

  test('have no value where a field is absent', () => {
    const { columns } = alignLines([line('a', at(0, 1), { ...at(10, 1), gpu_usage: 7 })], 'gpu_usage');
    expect(columns).toEqual([[null, 7]]);
  });

  test('stand a point in the middle of its span', () => {
    const spread = { min: 1, mean: 1, max: 1 };
    const summary = { seconds: 60, samples: 4, cpu_usage: spread, memory_usage_mb: spread };
    expect(alignLines([line('a', { ...at(0, 1), summary })], 'cpu_usage').times).toEqual([30]);
  });
});
