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

/** Half an hour to some days before now, which is at 4,000 s. */
const course = fc
  .tuple(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 60 }))
  .map(([stepSeconds, points]) =>
    Array.from({ length: points }, (_, at) => 4_000_000 - (points - at) * stepSeconds * 1000),
  );
const memoryCourse = fc
  .tuple(course, count(1000), count(100 * GB))
  .map(([timesMs, slope, first]) => ({ timesMs, memoryMb: timesMs.map((_, at) => first + slope * at) }));
const gpuCourse = fc
  .tuple(course, count(60))
  .map(([timesMs, busy]) => ({ timesMs, gpuPercent: timesMs.map((_, at) => (at < busy ? 50 : 0)) }));

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
    lostBeside: maybe(
      fc.array(fc.record({ id: fc.constantFrom('8', '9'), nodes: fc.constant(['n1']) }), { maxLength: 2 }),
    ),
    canceller: maybe(fc.constantFrom('alice', 'bob')),
    memoryCourse: maybe(memoryCourse),
    gpuCourse: maybe(gpuCourse),
    nodeSizes: maybe(
      fc
        .dictionary(fc.constantFrom('n1', 'n2', 'n3', 'n4'), fc.record({ cpus: count(128), gpus: count(8) }))
        .map((sizes) => new Map(Object.entries(sizes))),
    ),
  })
  .map(({ job, ...given }) => {
    const { startTimeMs, endTimeMs } = job;
    const endMs =
      startTimeMs === undefined || endTimeMs === undefined ? endTimeMs : Math.max(startTimeMs, endTimeMs);
    return factsOf({ ...given, job: { ...job, endTimeMs: endMs } } as unknown as Given);
  });

/** Kinds that ask for more of something, and kinds that ask for less of it: never both of one run. */
const OPPOSITES: readonly (readonly [more: readonly string[], less: readonly string[]])[] = [
  [['cpu-throttled'], ['cpu-idle', 'cpu-serial', 'cpu-low', 'gpu-cpus']],
  [
    ['ended-by-memory', 'memory-killed', 'memory-near-limit', 'memory-grows'],
    ['memory-unused', 'gpu-memory'],
  ],
  [['ended-by-time-limit'], ['time-unused', 'short-task']],
];
/** Kinds that say more or less of the same: at most one of each group. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ['gpu-unused', 'gpu-paused', 'gpu-small', 'gpu-session'],
  ['gpu-unused', 'gpu-low', 'gpu-small'],
  ['gpu-unused', 'gpu-uneven'],
  ['gpu-unused', 'gpu-scattered'],
  ['cpu-idle', 'cpu-serial', 'cpu-low', 'nodes-unused'],
  ['nodes-unused', 'nodes-uneven'],
  ['nodes-unused', 'nodes-scattered', 'gpu-scattered'],
  ['ended-by-memory', 'memory-near-limit', 'memory-killed'],
];

function expectAgreement(findings: readonly Finding[]): void {
  const kinds = findings.map(({ kind }) => kind);
  expect(new Set(kinds).size).toBe(kinds.length);
  const of = (wanted: readonly string[]) => kinds.filter((kind) => wanted.includes(kind));
  for (const [more, less] of OPPOSITES)
    expect(of(more).length > 0 && of(less).length > 0 ? kinds : []).toEqual([]);
  for (const group of ALTERNATIVES) expect(of(group).length > 1 ? kinds : []).toEqual([]);
  // One option of sbatch has one value, whoever asks for it.
  const options = findings.flatMap(({ action = '' }) => action.match(/--[a-z-]+=/g) ?? []);
  expect(new Set(options).size).toBe(options.length);
}

/** Where each measure would be seen. */
const SEEN: Readonly<
  Record<string, (one: Facts['summary']['nodes'][number] | Facts['summary']['whole']) => unknown>
> = {
  cpu_usage: ({ cpuUsage }) => cpuUsage,
  memory_usage_mb: ({ memoryUsageMb }) => memoryUsageMb,
  gpu_usage: ({ gpuUsage }) => gpuUsage,
  gpu_utilization_percent: (one) => 'gpus' in one && one.gpus?.some((gpu) => gpu.utilizationPercent),
  memory_oom_kills: ({ measured }) => measured?.memoryOomKills,
  cpu_throttled_seconds: ({ measured }) => measured?.cpuThrottledSeconds,
};

/** Expects what a finding speaks of to be in what was measured: measure, GPUs, nodes and time. */
function expectEvidence({ kind, nodes = [], evidence }: Finding, { job, summary, nowMs }: Facts): void {
  const known = [...job.nodes, ...summary.nodes.map(({ node }) => node)];
  expect(nodes.filter((node) => !known.includes(node))).toEqual([]);
  if (!evidence) return;
  const { measure, gpus = [], fromMs = 0, toMs = fromMs } = evidence;
  const all = [summary.whole, ...summary.nodes];
  expect([kind, all.some((one) => SEEN[measure]!(one))]).toEqual([kind, true]);
  const held = summary.nodes.flatMap((node) => node.gpus?.map(({ gpu }) => gpu) ?? []);
  expect(gpus.filter((gpu) => !held.includes(gpu))).toEqual([]);
  expect(toMs).toBeGreaterThanOrEqual(Math.min(fromMs, job.startTimeMs ?? fromMs));
  expect(toMs).toBeLessThanOrEqual(Math.max(nowMs, job.endTimeMs ?? 0));
}

const KINDS = RULES.flatMap((rule) => Object.keys(rule.kinds));

test('whatever a run did, its verdict has evidence, contradicts itself nowhere, and reads as a sentence', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { sentence, findings, fine, unjudged } = judgeRun(facts);
      for (const { kind } of findings) expect(KINDS).toContain(kind);
      expectAgreement(findings);
      for (const finding of findings) expectEvidence(finding, facts);
      const subjects = [
        ...new Set(findings.map(({ subject }) => subject)),
        ...fine,
        ...unjudged.map((one) => one.subject),
      ];
      expect(new Set(subjects).size).toBe(subjects.length);
      for (const text of [sentence, ...findings.map(({ message }) => message)]) {
        expect(text).toMatch(/^[A-Za-z0-9].*[^.?!:;]\.$/s);
        expect(text).not.toMatch(/NaN|undefined|Infinity|null|-\d/);
      }
      for (const { action = '' } of findings)
        expect(action).not.toMatch(/NaN|undefined|Infinity|=0(?![:0-9])|=-/);
    }),
    { numRuns: 2000 },
  );
});
