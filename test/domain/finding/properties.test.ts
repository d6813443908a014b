import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Facts, Finding } from '../../../src/domain/finding/finding.ts';
import { judgeRun, RULES } from '../../../src/domain/finding/judge.ts';
import { factsOf, GB, type Given } from '../../help/run-facts.ts';

const percent = fc.double({ min: 0, max: 100, noNaN: true });
const load = (value: fc.Arbitrary<number>) =>
  fc.tuple(value, value).map(([one, other]) => ({ mean: Math.min(one, other), max: Math.max(one, other) }));
const count = (max: number) => fc.integer({ min: 0, max });
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const gpu = fc.record({
  gpu: fc.uuid(),
  utilizationPercent: maybe(load(percent)),
  memoryUsedBytes: maybe(load(count(80 * 1024 ** 3))),
});
const measured = fc.record(
  {
    cpuSeconds: count(1e6),
    cpuThrottledSeconds: count(1e6),
    memoryOomKills: count(3),
  },
  { requiredKeys: [] },
);
const usage = fc.record({
  samples: count(100),
  observedSeconds: count(10_000),
  cpuUsage: maybe(load(percent)),
  memoryUsageMb: maybe(load(count(200 * GB))),
  gpuUsage: maybe(load(percent)),
  measured: maybe(measured),
});
const details = fc.record(
  {
    cpus: count(256),
    gpus: count(8),
    memoryLimitMb: count(200 * GB),
    timeLimitSeconds: count(100_000),
    name: fc.constantFrom('train', 'interactive'),
    exitCode: count(255),
    signal: count(31),
    arrayJobId: fc.constant('7'),
    reason: fc.constantFrom('Priority', 'DependencyNeverSatisfied', 'BadConstraints', 'no such reason'),
    rawState: fc.constantFrom(
      'COMPLETED',
      'TIMEOUT',
      'OUT_OF_MEMORY',
      'NODE_FAIL',
      'CANCELLED by 7',
      'FAILED',
    ),
  },
  { requiredKeys: [] },
);

const anyFacts: fc.Arbitrary<Facts> = fc
  .record({
    job: fc.record({
      state: fc.constantFrom('pending', 'running', 'completed', 'failed', 'cancelled'),
      startTimeMs: maybe(count(4_000_000)),
      endTimeMs: maybe(count(4_000_000)),
      details,
    }),
    whole: usage,
    nodes: fc.dictionary(
      fc.constantFrom('n1', 'n2', 'n3', 'n4'),
      fc.tuple(usage, maybe(fc.array(gpu, { maxLength: 4 }))).map(([use, gpus]) => ({ ...use, gpus })),
    ),
    failedBeside: maybe(count(10)),
    nodeSizes: maybe(
      fc
        .dictionary(fc.constantFrom('n1', 'n2', 'n3', 'n4'), fc.record({ cpus: count(128), gpus: count(8) }))
        .map((sizes) => new Map(Object.entries(sizes))),
    ),
  })
  .map((given) => factsOf(given as unknown as Given));

/** Pairs of findings that would say opposite things of one run. */
const CONTRADICTIONS: readonly (readonly [string, string])[] = [
  ['ended-by-memory', 'memory-unused'],
  ['memory-near-limit', 'memory-unused'],
  ['memory-killed', 'memory-unused'],
  ['ended-by-time-limit', 'time-unused'],
  ['gpu-unused', 'gpu-low'],
  ['gpu-unused', 'gpu-uneven'],
  ['cpu-idle', 'cpu-low'],
  ['cpu-serial', 'cpu-low'],
  ['nodes-unused', 'nodes-uneven'],
];

const MEASURED = ['gpu', 'cpu', 'nodes', 'memory'];

/** Whether a finding speaks of something that was measured, and nothing was. */
const isInvented = ({ subject, evidence }: Finding, { summary }: Facts): boolean =>
  MEASURED.includes(subject) && evidence !== undefined && isEmpty(summary);
const isEmpty = ({ whole, nodes }: Facts['summary']): boolean =>
  [whole, ...nodes].every((one) => !one.cpuUsage && !one.gpuUsage && !one.memoryUsageMb && !one.measured);

test('whatever a run did, its verdict has evidence, contradicts itself nowhere, and reads as a sentence', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { sentence, findings, fine, unjudged } = judgeRun(facts);
      const kinds = findings.map(({ kind }) => kind);
      expect(new Set(kinds).size).toBe(kinds.length);
      const known = RULES.flatMap((rule) => Object.keys(rule.kinds));
      for (const kind of kinds) expect(known).toContain(kind);
      for (const [one, other] of CONTRADICTIONS)
        expect(kinds.includes(one) && kinds.includes(other)).toBe(false);
      const subjects = [
        ...new Set(findings.map(({ subject }) => subject)),
        ...fine,
        ...unjudged.map((one) => one.subject),
      ];
      expect(new Set(subjects).size).toBe(subjects.length);
      expect(findings.filter((finding) => isInvented(finding, facts))).toEqual([]);
      for (const text of [sentence, ...findings.map(({ message }) => message)]) {
        expect(text).toMatch(/^[A-Za-z0-9].*[^.?!:;]\.$/s);
        expect(text).not.toMatch(/NaN|undefined|Infinity|null|-\d/);
      }
      for (const { action = '' } of findings)
        expect(action).not.toMatch(/NaN|undefined|Infinity|=0(?![:0-9])|=-/);
    }),
    { numRuns: 1500 },
  );
});
