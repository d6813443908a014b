import { describe, expect, test } from 'bun:test';
import { judgeRun, RULES } from '../../../src/domain/finding/judge.ts';
import type { NodeSummary } from '../../../src/domain/store/samples.ts';
import { factsOf, GB, type Given, usage } from '../../help/run-facts.ts';

/** One case of a rule: what is different about the run, and what is found; undefined for nothing. */
type Case = readonly [
  title: string,
  given: Given,
  found: { readonly kind: string; readonly message?: string; readonly action?: string } | undefined,
];

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
    [
      'somebody who cancelled it',
      { job: { state: 'cancelled', details: { rawState: 'CANCELLED by 1000' } } },
      { kind: 'ended-by-cancel', message: 'It was cancelled by the user with the number 1000.' },
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
