import { describe, expect, test } from 'bun:test';
import {
  countEnded,
  HISTORY_STEP_MS,
  type HistoryRow,
  historyCollector,
  historyRow,
  isRowBefore,
  isRowDue,
  MAX_HISTORY_POINTS,
} from '../../../src/domain/overview/history.ts';
import type { Overview } from '../../../src/domain/overview/overview.ts';
import { NOON_MS } from '../../help/clock.ts';

const collect = (rows: readonly HistoryRow[], sinceMs: number, untilMs: number) => {
  const collector = historyCollector(sinceMs, untilMs);
  for (const row of rows) collector.add(row);
  return collector.history();
};
const HOUR_MS = 3_600_000;

describe('the rows of the history', () => {
  test('are due once in each five minutes of the clock', () => {
    expect(isRowDue(undefined, NOON_MS)).toBe(true);
    expect(isRowDue(NOON_MS + 1000, NOON_MS + 299_999)).toBe(false);
    expect(isRowDue(NOON_MS + 299_999, NOON_MS + 300_000)).toBe(true);
  });

  test('count what ended since the row before, unless the service was away', () => {
    expect(isRowBefore(NOON_MS - HISTORY_STEP_MS, NOON_MS)).toBe(true);
    expect(isRowBefore(NOON_MS - 2 * HISTORY_STEP_MS, NOON_MS)).toBe(false);
    expect(isRowBefore(NOON_MS + 1, NOON_MS)).toBe(false);
    const counts = { completed: 0, failed: 0, cancelled: 0 };
    const ended = (state: 'completed' | 'failed', endTimeMs: number) => ({
      ...{ id: '1', user: 'alice', state, endTimeMs, suspendedSeconds: 0 },
    });
    const jobs = [ended('failed', 11), ended('failed', 10), ended('completed', 20), ended('completed', 21)];
    countEnded(counts, jobs, 10, 20);
    expect(counts).toEqual({ completed: 1, failed: 1, cancelled: 0 });
  });

  const overview: Overview = {
    ...{ timeMs: NOON_MS, running: 2, pending: 1, freeGpus: [], wasting: [], troubled: [], failed: [] },
    amounts: {
      cpus: { total: 64, allocated: 8, used: 4 },
      memoryMb: { allocated: 100 },
      gpus: { allocated: 0 },
      nodes: { total: 3, withJobs: 2 },
    },
    freshness: { agents: { live: 1, stale: 1, silent: 0, missing: 0 } },
  };

  test('have what was known, and nothing for what was not', () => {
    expect(historyRow(overview, { failed: 1 })).toEqual({
      ...{ timeMs: NOON_MS, running: 2, pending: 1, failed: 1 },
      ...{ cpusTotal: 64, cpusAllocated: 8, cpusUsed: 4, memoryAllocatedMb: 100, gpusAllocated: 0 },
      ...{ nodesTotal: 3, nodesWithJobs: 2, agentsHeard: 2, agentsSilent: 0 },
    });
  });

  test('are left out while squeue does not answer, because old numbers are not of that time', () => {
    const freshness = { ...overview.freshness, squeue: { isStale: true } };
    expect(historyRow({ ...overview, freshness }, {})).toBeUndefined();
  });
});

describe('the points of the history', () => {
  test('of a day are its rows, and a time without rows has no point', () => {
    const rows = [0, 1, 2, 50, 51].map((step) => ({
      timeMs: NOON_MS + step * HISTORY_STEP_MS,
      running: step,
    }));
    expect(collect(rows, NOON_MS, NOON_MS + 24 * HOUR_MS)).toEqual({ stepMs: HISTORY_STEP_MS, points: rows });
  });

  test('of a longer time are means of numbers, and sums of what ended', () => {
    const rows = [
      { timeMs: NOON_MS, running: 1, completed: 2 },
      { timeMs: NOON_MS + 300_000, running: 2, completed: 3, cpusUsed: 5 },
      { timeMs: NOON_MS + 900_000, running: 9 },
    ];
    expect(collect(rows, NOON_MS, NOON_MS + 48 * HOUR_MS)).toEqual({
      stepMs: 600_000,
      points: [{ timeMs: NOON_MS + 150_000, running: 1.5, completed: 5, cpusUsed: 5 }, rows[2]!],
    });
  });

  test('are at most 300, whatever the range', () => {
    const rows = Array.from({ length: 26_000 }, (_, index) => ({
      timeMs: index * HISTORY_STEP_MS,
      running: 1,
    }));
    for (const untilMs of [26_000 * HISTORY_STEP_MS, 26_001 * HISTORY_STEP_MS, 1e13]) {
      const { points } = collect(rows, 0, untilMs);
      expect(points.length).toBeLessThanOrEqual(MAX_HISTORY_POINTS);
      expect(points.length).toBeGreaterThan(0);
    }
  });
});
