import { describe, expect, test } from 'bun:test';
import type { Finding } from '../../../src/domain/finding/finding.ts';
import { judgeRun, RULES } from '../../../src/domain/finding/judge.ts';
import type { NodeSummary } from '../../../src/domain/store/samples.ts';
import { factsOf, GB, type Given, usage } from '../../help/run-facts.ts';

/** One case of a rule: what is different about the run, and what is found; undefined for nothing. */
type Case = readonly [title: string, given: Given, found: Partial<Finding> | undefined];

const HOUR_MS = 3_600_000;
const gpuNode = (uses: readonly number[], memoryGb = 40): Omit<NodeSummary, 'node'> => {
  const mean = uses.reduce((sum, use) => sum + use, 0) / uses.length;
  return {
    ...usage(95, 90 * GB, mean),
    gpus: uses.map((use, index) => ({
      gpu: `GPU-${index}`,
      utilizationPercent: { mean: use, max: Math.min(100, 2 * use) },
      memoryUsedBytes: { mean: 1, max: memoryGb * 1024 ** 3 },
    })),
  };
};
const withGpus = (uses: readonly number[], more: Given = {}): Given => {
  const node = gpuNode(uses);
  return {
    whole: node,
    nodes: { n1: node },
    ...more,
    job: { ...more.job, details: { gpus: uses.length, ...more.job?.details } },
  };
};
const failed = (details: object, more: object = {}): Given => ({
  job: { state: 'failed', details: { rawState: 'FAILED', ...details }, ...more },
});
const noGpu = (cpu: number, more: Given = {}): Given => ({ whole: usage(cpu, 90 * GB), ...more });
const measured = (values: object): Given => {
  const whole = { ...usage(95, 90 * GB), measured: values };
  return { whole, nodes: { n1: whole } };
};
/** A running job whose memory goes from one amount to another within hours. */
const growing = (fromMb: number, toMb: number, hours: number): Given => {
  const timesMs = Array.from({ length: 61 }, (_, index) => (index / 60) * hours * HOUR_MS);
  const nowMs = hours * HOUR_MS;
  return {
    job: {
      state: 'running',
      startTimeMs: 4_000_000 - nowMs,
      details: { rawState: 'RUNNING', timeLimitSeconds: 10 * 24 * 3600 },
    },
    memoryCourse: {
      timesMs: timesMs.map((timeMs) => timeMs + 4_000_000 - nowMs),
      memoryMb: timesMs.map((_, index) => fromMb + ((toMb - fromMb) * index) / 60),
    },
    whole: usage(95, toMb),
  };
};
/** A running job of four hours whose GPUs did nothing in its last minutes. */
const paused = (idleMinutes: number, busyPercent = 90): Given => {
  const timesMs = Array.from({ length: 75 }, (_, minute) => 4_000_000 - (75 - minute) * 60_000);
  return {
    ...withGpus([60, 60]),
    job: {
      state: 'running',
      startTimeMs: 4_000_000 - 4 * HOUR_MS,
      details: { gpus: 2, rawState: 'RUNNING' },
    },
    gpuCourse: { timesMs, gpuPercent: timesMs.map((_, at) => (75 - at <= idleMinutes ? 0 : busyPercent)) },
  };
};
const onNodes = (loads: Readonly<Record<string, number>>, more: Given = {}): Given => {
  const nodes = Object.fromEntries(Object.entries(loads).map(([node, cpu]) => [node, usage(cpu, 40 * GB)]));
  const mean = Object.values(loads).reduce((sum, cpu) => sum + cpu, 0) / Object.keys(loads).length;
  return { whole: usage(mean, 90 * GB), nodes, ...more };
};
const sizes = (size: { cpus?: number; gpus?: number }, ...names: string[]) =>
  new Map(names.map((name) => [name, size]));

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'black-hole': [
    [
      'a job that fails at once where many did',
      { ...failed({ exitCode: 1 }, { endTimeMs: 4000 }), failedBeside: 14 },
      {
        kind: 'node-fails-jobs',
        message: 'It failed on n1 after 4 s, as 14 other jobs did there within an hour.',
        action: '--exclude=n1',
      },
    ],
    [
      'one that fails after an hour there',
      { ...failed({ exitCode: 1 }), failedBeside: 14 },
      { kind: 'ended-with-code', message: 'It ended with exit code 1.' },
    ],
    ['one that completes there', { failedBeside: 14, job: { endTimeMs: 4000 } }, undefined],
  ],
  end: [
    [
      'a fault of the program',
      failed({ signal: 11 }),
      {
        kind: 'ended-by-signal',
        message:
          'It was ended by signal 11 (SIGSEGV): it used memory that is not its own, a fault of the program.',
      },
    ],
    [
      'the signal by which Slurm says out of memory, before its state is known',
      failed({ signal: 125 }),
      {
        kind: 'ended-by-memory',
        message:
          'It was killed because it reached its memory limit of 100 GB on n1; the most that was measured is 90 GB.',
      },
    ],
    [
      'a command that is missing',
      failed({ exitCode: 127 }),
      {
        kind: 'ended-with-code',
        message: 'It ended with exit code 127: a command was not found, as when a module is missing.',
      },
    ],
    ['a code that only the program knows', failed({ exitCode: 42 }), { kind: 'ended-with-code' }],
    ['a deadline', failed({ rawState: 'DEADLINE' }), { kind: 'ended-by-deadline' }],
    ['nodes that did not boot', failed({ rawState: 'BOOT_FAIL' }), { kind: 'ended-by-boot' }],
    ['a job of higher priority', failed({ rawState: 'PREEMPTED' }), { kind: 'ended-by-preemption' }],
    ...(
      [
        [1000, undefined, 'the user with the number 1000'],
        [1000, 'alice', 'its own user alice'],
        [1001, 'bob', 'bob'],
        [0, 'root', 'root, an administrator or Slurm itself'],
      ] as const
    ).map(
      ([uid, canceller, by]): Case => [
        `${by}, who cancelled it`,
        { job: { state: 'cancelled', details: { rawState: `CANCELLED by ${uid}` } }, canceller },
        { kind: 'ended-by-cancel', message: `It was cancelled by ${by}.` },
      ],
    ),
    [
      'its time limit',
      failed({ rawState: 'TIMEOUT', timeLimitSeconds: 86_400 }),
      {
        kind: 'ended-by-time-limit',
        message: 'It was ended at its time limit of 1 d.',
        action: '--time=1-12:00:00, or save and restart.',
      },
    ],
    [
      'its memory limit on one of several nodes',
      {
        ...failed({ rawState: 'OUT_OF_MEMORY', memoryLimitMb: 100 * GB }),
        whole: usage(95, 90 * GB),
        nodes: { n1: usage(95, 40 * GB), n2: usage(95, 50 * GB) },
      },
      {
        kind: 'ended-by-memory',
        message:
          'It was killed because it reached its memory limit of 100 GB; the most that was measured is 90 GB, the most on n2.',
        action: '--mem=75G, or let it use less.',
      },
    ],
    [
      'its node, which others were on',
      {
        ...failed({ rawState: 'NODE_FAIL' }),
        lostBeside: [
          { id: '12', nodes: ['n1'] },
          { id: '13', nodes: ['n1'] },
        ],
      },
      {
        kind: 'ended-by-node',
        message: 'Its node n1 failed, which ended 2 other jobs too (12, 13).',
        jobs: ['12', '13'],
        nodes: ['n1'],
      },
    ],
    [
      'the node of several that another job names',
      {
        ...failed({ rawState: 'NODE_FAIL' }),
        ...onNodes({ n1: 95, n2: 95 }),
        lostBeside: [{ id: '12', nodes: ['n2', 'n3'] }],
      },
      { kind: 'ended-by-node', message: 'Its node n2 failed, which ended 1 other job too (12).' },
    ],
    [
      'a dependency that failed',
      { job: { state: 'cancelled', details: { rawState: 'CANCELLED', reason: 'DependencyNeverSatisfied' } } },
      { kind: 'dependency-failed' },
    ],
    [
      'one node of several',
      { ...failed({ rawState: 'NODE_FAIL' }), ...onNodes({ n1: 95, n2: 95 }) },
      { kind: 'ended-by-node', message: 'One of its 2 nodes failed.' },
    ],
  ],
  waits: [
    [
      'a dependency that never ends well',
      { job: { state: 'pending', details: { rawState: 'PENDING', reason: 'DependencyNeverSatisfied' } } },
      { kind: 'waits-in-vain' },
    ],
    [
      'a turn',
      { job: { state: 'pending', details: { rawState: 'PENDING', reason: 'Priority' } } },
      undefined,
    ],
  ],
  'gpu-small': [
    [
      'a job that needs a part of a GPU',
      {
        ...withGpus([5], { job: { details: { cpus: 1, memoryLimitMb: 10 * GB } } }),
        whole: usage(95, 9 * GB, 5),
        nodes: { n1: { ...gpuNode([5], 6) } },
      },
      { kind: 'gpu-small', message: 'It used 5 % of a whole GPU and 6 GB of its memory.' },
    ],
  ],
  'gpu-paused': [
    [
      'GPUs that stopped to work',
      paused(20),
      {
        kind: 'gpu-paused',
        severity: 'info',
        message: 'Its GPUs have done nothing for 20 min.',
        action: 'scancel 1, if it will not go on by itself.',
      },
    ],
    [
      'GPUs that stopped to work an hour ago',
      paused(61),
      { kind: 'gpu-paused', severity: 'waste', message: 'Its GPUs have done nothing for 1 h 1 min.' },
    ],
    [
      'GPUs that did nothing for as long as was looked',
      paused(75),
      { kind: 'gpu-paused', message: 'Its GPUs have done nothing for at least 1 h 15 min.' },
    ],
    ['GPUs that pause for some minutes', paused(10), undefined],
    ['GPUs of a job that has ended', { ...paused(20), job: { details: { gpus: 2 } } }, undefined],
  ],
  'gpu-unused': [
    [
      'GPUs of one node of two',
      {
        job: { details: { gpus: 8 } },
        whole: usage(95, 80 * GB, 45),
        nodes: { n1: usage(95, 40 * GB, 90), n2: usage(95, 40 * GB, 0) },
      },
      { kind: 'gpu-unused', message: 'The GPUs of n2 were never used in 1 h.' },
    ],
    ['GPUs that were all used', withGpus([60, 70]), undefined],
    [
      'GPUs of a run of a minute',
      { job: { details: { gpus: 4 } }, whole: { ...usage(95, 85 * GB, 0), observedSeconds: 60 } },
      undefined,
    ],
  ],
  'cpu-idle': [
    ['CPUs that did nothing', noGpu(1), { kind: 'cpu-idle', action: '--cpus-per-task=1' }],
    ['CPUs beside GPUs at work', withGpus([80], { whole: usage(2, 85 * GB, 80) }), undefined],
    ['two CPUs', noGpu(1, { job: { details: { cpus: 2 } } }), undefined],
  ],
  'nodes-unused': [
    [
      'two nodes of three, and no word of their CPUs',
      onNodes({ n1: 98, n2: 0.1, n3: 0.2 }),
      { kind: 'nodes-unused', action: '--nodes=1', nodes: ['n2', 'n3'] },
    ],
    ['nodes that all work', onNodes({ n1: 98, n2: 97 }), undefined],
  ],
  'memory-near-limit': [
    ['memory at its limit', { whole: usage(95, 97 * GB) }, { kind: 'memory-near-limit', severity: 'harm' }],
    ['memory close to it', { whole: usage(95, 92 * GB) }, { kind: 'memory-near-limit', severity: 'info' }],
    ['memory well below it', { whole: usage(95, 80 * GB) }, undefined],
  ],
  'memory-unused': [
    [
      'a tenth of what was asked for',
      { whole: usage(95, 10 * GB) },
      { kind: 'memory-unused', action: '--mem=12G' },
    ],
    ['a tenth of it so far', { whole: usage(95, 10 * GB), job: { state: 'running' } }, undefined],
    ['a tenth of little', { whole: usage(95, 300), job: { details: { memoryLimitMb: 3000 } } }, undefined],
  ],
  'gpu-low': [
    [
      'GPUs that are little used',
      withGpus([8, 9, 10, 9]),
      { kind: 'gpu-low', message: 'Its 4 GPUs were 9 % busy on average in 1 h.' },
    ],
    [
      'one that is modestly used',
      withGpus([20]),
      { kind: 'gpu-low', message: 'Its 1 GPU was 20 % busy on average in 1 h.' },
    ],
    ['GPUs at work', withGpus([80, 90]), undefined],
    ['a short session', withGpus([5], { job: { details: { name: 'interactive' } } }), undefined],
    [
      'a session of ten hours',
      withGpus([5], {
        job: {
          startTimeMs: -32_400_000,
          details: { name: 'sys/dashboard/sys/jupyter', timeLimitSeconds: 36_000 },
        },
      }),
      { kind: 'gpu-session', message: 'The session held a GPU for 10 h, 5 % busy on average.' },
    ],
  ],
  'gpu-uneven': [
    [
      'one GPU that waits for the others',
      withGpus([95, 96, 30, 94]),
      {
        kind: 'gpu-uneven',
        message: 'Of its 4 GPUs the busiest was 96 % busy on average, the idlest 30 %.',
      },
    ],
    ['GPUs that do the same', withGpus([95, 96, 90, 94]), undefined],
  ],
  'gpu-scattered': [
    [
      'four GPUs on four nodes of four',
      {
        ...onNodes({ n1: 95, n2: 95, n3: 95, n4: 95 }, { job: { details: { gpus: 4 } } }),
        whole: usage(95, 90 * GB, 90),
        nodeSizes: sizes({ gpus: 4, cpus: 8 }, 'n1', 'n2', 'n3', 'n4'),
      },
      { kind: 'gpu-scattered', action: '--nodes=1 --gpus-per-node=4' },
    ],
    [
      'nodes whose size nobody knows',
      { ...onNodes({ n1: 95, n2: 95 }, { job: { details: { gpus: 2 } } }), whole: usage(95, 90 * GB, 90) },
      undefined,
    ],
  ],
  'gpu-cpus': [
    [
      'many idle CPUs beside a GPU',
      withGpus([90], {
        whole: usage(20, 90 * GB, 90),
        job: { details: { cpus: 64 } },
        nodeSizes: sizes({ gpus: 4 }, 'n1'),
      }),
      { kind: 'gpu-cpus', action: '--cpus-per-gpu=13' },
    ],
    [
      'a whole node',
      withGpus([90], {
        whole: usage(20, 90 * GB, 90),
        job: { details: { cpus: 64 } },
        nodeSizes: sizes({ gpus: 1 }, 'n1'),
      }),
      undefined,
    ],
  ],
  'gpu-memory': [
    [
      'much memory beside a GPU',
      withGpus([90], {
        whole: usage(95, 200 * GB, 90),
        job: { details: { memoryLimitMb: 500 * GB } },
        nodeSizes: sizes({ gpus: 4 }, 'n1'),
      }),
      { kind: 'gpu-memory', action: '--mem-per-gpu=240G' },
    ],
  ],
  'cpu-throttled': [
    [
      'more threads than CPUs',
      measured({ cpuSeconds: 3000, cpuThrottledSeconds: 1000 }),
      {
        kind: 'cpu-throttled',
        message: 'It was held back at its CPU limit for 16 min 40 s, 25 % of its CPU time.',
      },
    ],
    ['a moment at the limit', measured({ cpuSeconds: 3000, cpuThrottledSeconds: 10 }), undefined],
  ],
  'cpu-serial': [
    [
      'one busy CPU of 32',
      noGpu(3.1, { job: { details: { cpus: 32 } } }),
      // It says the same, with fewer words.
      { kind: 'cpu-idle' },
    ],
    [
      'one busy CPU of four',
      noGpu(25, { job: { details: { cpus: 4 } } }),
      { kind: 'cpu-serial', message: 'It kept one of its 4 CPUs busy (25 % of all).' },
    ],
  ],
  'cpu-low': [
    ['half of the CPUs', noGpu(50), { kind: 'cpu-low', message: 'Its 32 CPUs were 50 % busy on average.' }],
    ['most of the CPUs', noGpu(75), { kind: 'cpu-low' }],
    ['nearly all CPUs', noGpu(85), undefined],
    ['a session', noGpu(50, { job: { details: { name: 'bash' } } }), undefined],
  ],
  'nodes-uneven': [
    [
      'one node that does the work',
      onNodes({ n1: 96, n2: 30, n3: 30 }, { job: { details: { cpus: 3 } } }),
      { kind: 'nodes-uneven', message: 'n1 was 96 % busy, and its 3 nodes 52 % on average.' },
    ],
    ['nodes that do the same', onNodes({ n1: 96, n2: 90, n3: 92 }), undefined],
  ],
  'nodes-scattered': [
    [
      'eight CPUs on four nodes',
      {
        ...onNodes({ n1: 95, n2: 95, n3: 95, n4: 95 }, { job: { details: { cpus: 8 } } }),
        nodeSizes: sizes({ cpus: 64 }, 'n1', 'n2', 'n3', 'n4'),
      },
      { kind: 'nodes-scattered', action: '--nodes=1' },
    ],
    [
      'full nodes',
      {
        ...onNodes({ n1: 95, n2: 95 }, { job: { details: { cpus: 128 } } }),
        nodeSizes: sizes({ cpus: 64 }, 'n1', 'n2'),
      },
      undefined,
    ],
  ],
  'memory-killed': [
    [
      'processes that Slurm did not miss',
      measured({ memoryOomKills: 2 }),
      {
        kind: 'memory-killed',
        message: 'The kernel killed 2 processes of it, because its memory limit was reached.',
      },
    ],
    ['none', measured({ memoryOomKills: 0 }), undefined],
  ],
  'memory-grows': [
    [
      'a leak that reaches the limit before the time is over',
      growing(10 * GB, 70 * GB, 6),
      {
        kind: 'memory-grows',
        message: 'Its memory grows by 10 GB an hour, and reaches its limit of 100 GB in 3 h.',
      },
    ],
    ['one that does not', growing(10 * GB, 10.1 * GB, 6), undefined],
    ['growth of an hour', growing(10 * GB, 70 * GB, 1), undefined],
  ],
  'time-unused': [
    [
      'a day for an hour',
      { job: { details: { timeLimitSeconds: 86_400 } } },
      {
        kind: 'time-unused',
        message: 'It took 1 h of the 1 d that it asked for, 4.2 %.',
        action: '--time=1:30:00',
      },
    ],
    [
      'two weeks for two days',
      { job: { endTimeMs: 172_800_000, details: { timeLimitSeconds: 14 * 86_400 } } },
      { kind: 'time-unused', action: '--time=3-00:00:00' },
    ],
    [
      'a job that was ended',
      failed({ rawState: 'TIMEOUT', timeLimitSeconds: 86_400 }),
      { kind: 'ended-by-time-limit' },
    ],
  ],
  'short-task': [
    [
      'a task of ten seconds',
      { job: { endTimeMs: 10_000, details: { arrayJobId: '7', arrayTaskId: 1 } } },
      { kind: 'short-task', message: 'This task of an array took 10 s; starting it takes about as long.' },
    ],
    ['a job of ten seconds', { job: { endTimeMs: 10_000 } }, undefined],
  ],
};

for (const [rule, cases] of Object.entries(CASES)) {
  describe(rule, () => {
    test.each(cases as Case[])('%s', (_, given, found) => {
      const { findings } = judgeRun(factsOf(given));
      if (found) expect(findings[0]).toMatchObject(found);
      else expect(findings).toEqual([]);
    });
  });
}

test('every kind of finding has a name of its own, and is silent only beside kinds of rules before it', () => {
  const known: string[] = [];
  for (const { kinds, unless = [] } of RULES) {
    for (const kind of unless) expect(known).toContain(kind);
    for (const kind of Object.keys(kinds)) expect(known).not.toContain(kind);
    known.push(...Object.keys(kinds));
  }
  expect(known.length).toBeGreaterThanOrEqual(30);
});

test('every kind of finding has a case, and every rule one in which it is silent', () => {
  const cases = Object.values(CASES).flat();
  const found = new Set(
    cases.flatMap(([, given]) => judgeRun(factsOf(given)).findings.map(({ kind }) => kind)),
  );
  for (const { kinds, judge } of RULES) {
    for (const kind of Object.keys(kinds)) expect([kind, found.has(kind)]).toEqual([kind, true]);
    const judgements = cases.map(([, given]) => judge(factsOf(given)));
    expect(judgements.some((one) => typeof one !== 'object' || !('kind' in one))).toBe(true);
  }
});
