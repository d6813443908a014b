import { expect, test } from 'bun:test';
import { applySample, combineUsage, type NewSample, type Usage } from '../../src/domain/sample.ts';

const known: Usage = { timeMs: 100, cpuUsage: 10, memoryUsageMb: 20, gpuUsage: 30 };
const sent = (timeMs: number, fields: Partial<NewSample> = {}): NewSample => ({
  timeMs,
  cpuUsage: 1,
  memoryUsageMb: 2,
  stamped: false,
  ...fields,
});

const APPLIED: [string, Usage | undefined, NewSample, Usage][] = [
  ['the first', undefined, sent(1), { timeMs: 1, cpuUsage: 1, memoryUsageMb: 2, gpuUsage: null }],
  [
    'the first with a GPU',
    undefined,
    sent(1, { gpuUsage: 0 }),
    { timeMs: 1, cpuUsage: 1, memoryUsageMb: 2, gpuUsage: 0 },
  ],
  [
    'a newer one',
    known,
    sent(101, { gpuUsage: 3 }),
    { timeMs: 101, cpuUsage: 1, memoryUsageMb: 2, gpuUsage: 3 },
  ],
  [
    'a newer one without a GPU',
    known,
    sent(101),
    { timeMs: 101, cpuUsage: 1, memoryUsageMb: 2, gpuUsage: 30 },
  ],
  ['one of the same time', known, sent(100), { timeMs: 100, cpuUsage: 1, memoryUsageMb: 2, gpuUsage: 30 }],
  ['an older one', known, sent(99, { gpuUsage: 3 }), known],
  [
    'an older one that the server stamped',
    known,
    sent(99, { stamped: true }),
    { timeMs: 99, cpuUsage: 1, memoryUsageMb: 2, gpuUsage: 30 },
  ],
];
test.each(APPLIED)('a sample changes the current usage: %s', (_, before, sample, after) => {
  expect(applySample(before, sample)).toEqual(after);
});

const usage = (cpuUsage: number | null, memoryUsageMb: number | null, gpuUsage: number | null): Usage => ({
  timeMs: 1,
  cpuUsage,
  memoryUsageMb,
  gpuUsage,
});
test.each([
  [[], { cpuUsage: 0, memoryUsageMb: 0 }],
  [[usage(10, 20, null)], { cpuUsage: 10, memoryUsageMb: 20, usageTimeMs: 1 }],
  [[usage(10, 20, 0)], { cpuUsage: 10, memoryUsageMb: 20, gpuUsage: 0, usageTimeMs: 1 }],
  [
    [usage(10, 20, 40), usage(30, 40, null)],
    { cpuUsage: 20, memoryUsageMb: 60, gpuUsage: 40, usageTimeMs: 1 },
  ],
  [
    [usage(80, 100, 1), usage(null, null, null)],
    { cpuUsage: 80, memoryUsageMb: 100, gpuUsage: 1, usageTimeMs: 1 },
  ],
  [[usage(null, null, null)], { cpuUsage: 0, memoryUsageMb: 0 }],
  [
    [usage(null, null, 5), { ...usage(1, 1, 5), timeMs: 2 }, { ...usage(null, null, null), timeMs: 3 }],
    { cpuUsage: 1, memoryUsageMb: 1, gpuUsage: 5, usageTimeMs: 2 },
  ],
])('the usage of nodes %j combines to %j', (nodes, job) => {
  expect(combineUsage(nodes)).toEqual(job);
});
