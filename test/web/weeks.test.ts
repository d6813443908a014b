import { expect, test } from 'bun:test';
import type { TallyRowAnswer } from '../../src/api/tally-list.ts';
import { sumWeeks, weekOf } from '../../src/web/efficiency/weeks.ts';

const day = (name: string, gpu_hours?: TallyRowAnswer['gpu_hours']) =>
  ({ name, jobs: 1, ...(gpu_hours && { gpu_hours }) }) as TallyRowAnswer;

test('weeks begin on Monday at midnight UTC', () => {
  for (const [time, monday] of [
    ['2026-01-18T23:59:59.999Z', '2026-01-12'],
    ['2026-01-19T00:00:00Z', '2026-01-19'],
    ['1970-01-01T00:00:00Z', '1969-12-29'],
  ] as const)
    expect(new Date(weekOf(Date.parse(time))).toISOString()).toBe(`${monday}T00:00:00.000Z`);
});

test('days are summed into weeks in order, and weeks without jobs are there', () => {
  const days = [
    day('2025-12-01', { held: 99 }),
    day('2026-01-05', { held: 10, measured: 8, used: 2 }),
    day('2026-01-11', { held: 5 }),
    day('2026-01-19'),
  ];
  const none = { jobs: 0, held: 0, measured: 0, used: 0 };
  expect(sumWeeks(days, 'gpu_hours', { nowMs: Date.parse('2026-01-20T12:00:00Z'), count: 3 })).toEqual([
    { start: '2026-01-05', end: '2026-01-12', jobs: 2, held: 15, measured: 8, used: 2 },
    { start: '2026-01-12', end: '2026-01-19', ...none },
    { start: '2026-01-19', end: '2026-01-26', ...none, jobs: 1 },
  ]);
});
