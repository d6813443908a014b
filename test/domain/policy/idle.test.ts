import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type IdleSample, longestIdle, MAX_GAP_MS, measureIdle } from '../../../src/domain/policy/idle.ts';
import { MINUTE_MS } from '../../help/builders.ts';

const RULES = { nodes: ['n1'], endMs: 60 * MINUTE_MS, gpuPercent: 1, cpuPercent: 10 };

/** A sample every minute of a node; `gpu` by the minute, from the first sample on. */
const samplesOf = (gpu: readonly number[], node = 'n1', fromMinute = 61 - gpu.length): IdleSample[] =>
  gpu.map((value, minute) => ({ timeMs: (fromMinute + minute) * MINUTE_MS, node, cpu: 50, gpu: value }));
const minutes = (count: number, value: number): number[] => new Array<number>(count).fill(value);
const byTime = (samples: IdleSample[]) => samples.sort((one, other) => one.timeMs - other.timeMs);
const TWO = { ...RULES, nodes: ['n1', 'n2'] };

const CASES: [what: string, samples: IdleSample[], rules: typeof RULES, gpuMinutes: number | undefined][] = [
  ['an hour without use', samplesOf(minutes(61, 0)), RULES, 60],
  ['use of 0.5 % is none', samplesOf(minutes(61, 0.5)), RULES, 60],
  ['busy half an hour ago', samplesOf([...minutes(31, 90), ...minutes(30, 0)]), RULES, 29],
  ['busy now', samplesOf([...minutes(60, 0), 90]), RULES, 0],
  ['no sample', [], RULES, undefined],
  ['GPU not measured', samplesOf(minutes(61, Number.NaN)), RULES, undefined],
  ['GPU not measured for a while', samplesOf([...minutes(30, 0), Number.NaN, ...minutes(30, 0)]), RULES, 29],
  ['no sample for six minutes', samplesOf(minutes(55, 0), 'n1', 0), RULES, undefined],
  ['a gap of six minutes', [...samplesOf(minutes(20, 0), 'n1', 20), ...samplesOf(minutes(16, 0))], RULES, 15],
  ['one of two nodes is not measured', samplesOf(minutes(61, 0)), TWO, undefined],
  [
    'one of two nodes was busy ten minutes ago',
    byTime([...samplesOf(minutes(61, 0)), ...samplesOf([...minutes(51, 99), ...minutes(10, 0)], 'n2')]),
    TWO,
    9,
  ],
  ['samples after the end', samplesOf(minutes(61, 0)), { ...RULES, endMs: 30 * MINUTE_MS }, 30],
];

test.each(CASES)('GPUs are idle for as long as it is known: %s', (_, samples, rules, expected) => {
  const gpuMs = measureIdle(samples, rules)?.gpuMs;
  expect(gpuMs === undefined ? undefined : gpuMs / MINUTE_MS).toBe(expected);
});

test('the longest idle time of a run that ended is that at any moment of it', () => {
  const samples = samplesOf([...minutes(10, 90), ...minutes(30, 0), ...minutes(21, 90)]);
  expect(longestIdle(samples, RULES)?.gpuMs).toBe(29 * MINUTE_MS);
  expect(measureIdle(samples, RULES)?.gpuMs).toBe(0);
});

test('no run is idle for longer than since its last use, gap or missing value', () => {
  const sample = fc.record({
    restMs: fc.integer({ min: 1, max: 2 * MAX_GAP_MS }),
    gpu: fc.oneof(fc.constant(0), fc.constant(Number.NaN), fc.integer({ min: 1, max: 100 })),
    node: fc.constantFrom('n1', 'n2'),
  });
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 60 }),
      fc.integer({ min: 0, max: MAX_GAP_MS }),
      (rows, restMs) => {
        let timeMs = 0;
        const samples = rows.map(({ gpu, node, restMs }) => {
          timeMs += restMs;
          return { timeMs, node, cpu: 0, gpu };
        });
        const endMs = timeMs + restMs;
        const found = measureIdle(samples, { ...TWO, endMs });
        if (found?.gpuMs === undefined) return;
        const sinceMs = endMs - found.gpuMs - (endMs - found.toMs);
        for (const node of TWO.nodes) {
          const own = samples.filter((one) => one.node === node && one.timeMs >= sinceMs);
          const before = samples.filter((one) => one.node === node && one.timeMs < sinceMs).at(-1);
          expect(own.every(({ gpu }) => found.gpuMs === 0 || gpu === 0)).toBe(true);
          const all = before && found.gpuMs! > 0 ? own : own.slice(0);
          for (let i = 1; i < all.length; i++)
            if (found.gpuMs! > 0) expect(all[i]!.timeMs - all[i - 1]!.timeMs).toBeLessThanOrEqual(MAX_GAP_MS);
        }
      },
    ),
  );
});
