import { expect, test } from 'bun:test';
import { linesOf, type PartitionWaits } from '../../src/web/queue/wait-lines.ts';

const waits = (partition: string, days: Record<string, number | undefined>): PartitionWaits => ({
  partition,
  days: Object.entries(days).map(([name, seconds]) => ({
    ...({ name, jobs: 1 } as PartitionWaits['days'][number]),
    ...(seconds !== undefined && { wait_seconds: seconds }),
  })),
});

test('waits by day are in hours, and a day without an ended job interrupts the line', () => {
  const { partitions, times, columns } = linesOf([
    waits('cpu', { '2026-01-18': 3600, '2026-01-20': 7200 }),
    waits('gpu', { '2026-01-19': 1800, '2026-01-20': undefined }),
  ]);
  expect(partitions).toEqual(['cpu', 'gpu']);
  expect(times).toEqual(['2026-01-18', '2026-01-19', '2026-01-20'].map((day) => Date.parse(day) / 1000));
  expect(columns).toEqual([
    [1, null, 2],
    [null, 0.5, null],
  ]);
});

test('without any wait there is no line', () => {
  expect(linesOf([])).toEqual({ partitions: [], times: [], columns: [] });
});
