import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/domain/errors.ts';
import { readEvent, readEventName } from '../../../src/slurm/hooks/event.ts';
import { MAX_EVENT_BYTES } from '../../../src/slurm/hooks/variables.ts';
import { fixtureFile, type HookFile, hookFile, readFixture } from '../hook-file.ts';

const read = ({ name, bytes }: HookFile) => readEvent(name, bytes);
const timeOf = (name: string) => readFixture(name).timeMs;
const PHYSICS = { account: 'physics', partition: 'debug', cluster: 'testbed', workDir: '/srv/home/alice' };
const ALICE = { source: 'hook', user: 'alice', ...PHYSICS } as const;

describe('start events', () => {
  test('a start event of a job on several nodes has all its fields', () => {
    const timeMs = timeOf('prolog_slurmctld.job9.head01.1');
    expect(read(fixtureFile('prolog_slurmctld.job9.head01.1'))).toEqual({
      ...ALICE,
      id: '9',
      name: 'multinode',
      nodes: ['node01', 'node02', 'node03'],
      cpus: 3,
      restarts: 0,
      state: 'running',
      observedMs: timeMs,
      startTimeMs: timeMs,
      isStartRough: true,
    });
  });

  test('a start event of an array task has the array and the task', () => {
    expect(read(fixtureFile('prolog_slurmctld.job18.head01.1'))).toMatchObject({
      id: '18',
      arrayJobId: '8',
      arrayTaskId: 3,
    });
  });

  test('a start event of a requeued job has its restart count', () => {
    expect(read(fixtureFile('prolog_slurmctld.job4.head01.2'))).toMatchObject({ id: '4', restarts: 1 });
  });

  test('a start event has the scheduler’s own start since 23.02', () => {
    const report = read(
      fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_START_TIME: '1795000000' }),
    );
    expect(report).toMatchObject({ state: 'running', startTimeMs: 1_795_000_000_000 });
    expect(report).not.toHaveProperty('isStartRough');
  });

  test('a start event has the QOS since 25.11', () => {
    const report = read(fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_QOS: 'normal' }));
    expect(report.qos).toBe('normal');
  });
});

describe('end events', () => {
  test('an end event has no restart count, because after a requeue it is that of the next run', () => {
    const timeMs = timeOf('epilog_slurmctld.job4.head01.1');
    expect(readFixture('epilog_slurmctld.job4.head01.1').variables.SLURM_JOB_RESTART_COUNT).toBe('1');
    expect(read(fixtureFile('epilog_slurmctld.job4.head01.1'))).toEqual({
      ...ALICE,
      id: '4',
      name: 'requeued',
      nodes: ['node02'],
      cpus: 1,
      state: 'completed',
      exitCode: 0,
      observedMs: timeMs,
      endTimeMs: timeMs,
    });
  });

  const OUTCOMES: [fixture: string, outcome: object][] = [
    ['epilog_slurmctld.job11.head01.1', { state: 'failed', exitCode: 3 }],
    ['epilog_slurmctld.job12.head01.1', { state: 'failed', signal: 11 }],
    ['epilog_slurmctld.job14.head01.1', { state: 'failed', signal: 125 }],
    ['epilog_slurmctld.job15.head01.1', { state: 'completed', exitCode: 0 }],
    ['epilog_slurmctld.job18.head01.1', { state: 'failed', exitCode: 1, arrayJobId: '8', arrayTaskId: 3 }],
  ];
  test.each(OUTCOMES)('the end event %s has the state of its exit code', (fixture, outcome) => {
    const report = read(fixtureFile(fixture));
    expect(report).toMatchObject(outcome);
    expect('signal' in report).toBe('signal' in outcome);
    expect('exitCode' in report).toBe('exitCode' in outcome);
  });

  test('an end event has the scheduler’s own times, but not an end in the future', () => {
    const fixture = 'epilog_slurmctld.job11.head01.1';
    const hookMs = timeOf(fixture);
    const second = Math.floor(hookMs / 1000);
    const ended = (end: number) =>
      read(
        fixtureFile(fixture, { SLURM_JOB_START_TIME: String(second - 60), SLURM_JOB_END_TIME: String(end) }),
      );
    expect(ended(second - 2)).toMatchObject({
      startTimeMs: (second - 60) * 1000,
      endTimeMs: (second - 2) * 1000,
    });
    expect(ended(second + 1)).toMatchObject({ endTimeMs: hookMs });
    expect(ended(0)).toMatchObject({ endTimeMs: hookMs });
  });
});

describe('events of a node', () => {
  test('events of a node have the CPUs and GPUs there, and only a start has a state', () => {
    const timeMs = timeOf('prolog_slurmd.job15.node03.1');
    expect(read(fixtureFile('prolog_slurmd.job15.node03.1'))).toEqual({
      ...ALICE,
      id: '15',
      nodes: ['node03'],
      cpus: 1,
      restarts: 0,
      state: 'running',
      startTimeMs: timeMs,
      isStartRough: true,
      observedMs: timeMs,
      allocations: [{ node: 'node03', cpus: 1, gpuIds: ['0'] }],
    });
    // The job may have given the node back and go on elsewhere.
    expect(read(fixtureFile('epilog_slurmd.job15.node03.1'))).toEqual({
      ...ALICE,
      id: '15',
      observedMs: timeOf('epilog_slurmd.job15.node03.1'),
      allocations: [{ node: 'node03', cpus: 1, gpuIds: ['0'] }],
    });
  });

  test('a start event of a node has the scheduler’s own start since 23.02, and none before 22.05', () => {
    const fixture = 'prolog_slurmd.job15.node03.1';
    const recent = read(fixtureFile(fixture, { SLURM_JOB_START_TIME: '1795000000' }));
    expect(recent).toMatchObject({ state: 'running', startTimeMs: 1_795_000_000_000 });
    expect(recent).not.toHaveProperty('isStartRough');
    const old = read(fixtureFile(fixture, { SLURM_JOB_RESTART_COUNT: '' }));
    expect(old).not.toHaveProperty('state');
    expect(old).not.toHaveProperty('startTimeMs');
  });

  test('an event of a node without GPUs has no GPUs', () => {
    const report = read(fixtureFile('prolog_slurmd.job9.node03.1'));
    expect(report.allocations).toEqual([{ node: 'node03', cpus: 1 }]);
  });

  test('the nodes of a step, for which a Prolog may run, are not taken for those of the job', () => {
    const report = read(
      fixtureFile('prolog_slurmd.job9.node03.1', {
        SLURM_NODELIST: 'node03',
        SLURM_JOB_CPUS_PER_NODE: '1(x3)',
      }),
    );
    expect(report).not.toHaveProperty('nodes');
    expect(report).toMatchObject({ state: 'running', cpus: 3 });
  });

  const CPUS: [text: string, cpus: number | undefined, total: number | undefined][] = [
    ['4(x2),2', 2, 10],
    ['4,8(x2)', 8, 20],
    ['4(x2)', undefined, 8],
    ['4(x2', undefined, undefined],
    ['', undefined, undefined],
    ['4,,2', undefined, undefined],
  ];
  test.each(CPUS)(
    'with SLURM_JOB_CPUS_PER_NODE=%p the last of three nodes has %p CPUs and the job %p',
    (text, cpus, total) => {
      const report = read(fixtureFile('prolog_slurmd.job9.node03.1', { SLURM_JOB_CPUS_PER_NODE: text }));
      expect(report.allocations![0]!.cpus).toBe(cpus!);
      expect(report.cpus).toBe(total!);
    },
  );

  const UUIDS = ['GPU-1f0e', 'GPU-77ab'];
  const GPUS: [title: string, variables: Record<string, string>, ids: string[] | undefined][] = [
    ['SLURM_JOB_GPUS', { SLURM_JOB_GPUS: '2,3', CUDA_VISIBLE_DEVICES: '0,1' }, ['2', '3']],
    ['UUIDs in preference to indexes', { SLURM_JOB_GPUS: '2,3', CUDA_VISIBLE_DEVICES: UUIDS.join() }, UUIDS],
    ['MIG slices', { SLURM_JOB_GPUS: '0', CUDA_VISIBLE_DEVICES: 'MIG-9b/1/0' }, ['MIG-9b/1/0']],
    ['CUDA variables', { CUDA_VISIBLE_DEVICES: '1', GPU_DEVICE_ORDINAL: '0' }, ['1']],
    ['AMD variables', { CUDA_VISIBLE_DEVICES: '', ROCR_VISIBLE_DEVICES: '4,5' }, ['4', '5']],
    ['Intel variables', { ZE_AFFINITY_MASK: '0.1' }, ['0.1']],
    ['NoDevFiles, which means none', { CUDA_VISIBLE_DEVICES: 'NoDevFiles' }, undefined],
    ['a list with a gap, which is ignored', { SLURM_JOB_GPUS: '1,,2' }, undefined],
  ];
  test.each(GPUS)('an event of a node has its GPUs from %s', (_, variables, ids) => {
    const report = read(fixtureFile('prolog_slurmd.job9.node03.1', variables));
    expect(report.allocations![0]!.gpuIds).toEqual(ids!);
  });

  test('an event of a node without SLURMD_NODENAME is refused', () => {
    expect(() => read(fixtureFile('prolog_slurmd.job9.node03.1', { SLURMD_NODENAME: '' }))).toThrow(
      /invalid node name/,
    );
  });
});

describe('a text in an event', () => {
  test('a text in an event is read unchanged', () => {
    const name = 'a=b\n"\'\\ $(id) `id` \u{1f600} \u0001';
    expect(read(fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_NAME: name })).name).toBe(name);
  });

  test('a text longer than Slurm allows is left out', () => {
    const long = 'x'.repeat(100_000);
    const report = read(
      fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_NAME: long, SLURM_JOB_USER: long }),
    );
    expect(report).toMatchObject({ id: '9', state: 'running', account: 'physics' });
    expect(Object.keys(report)).not.toContain('name');
    expect(Object.keys(report)).not.toContain('user');
  });

  test('the account (null), as without accounting, is left out', () => {
    const report = read(fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_ACCOUNT: '(null)' }));
    expect(Object.keys(report)).not.toContain('account');
  });

  test('invalid UTF-8 in a text is replaced', () => {
    const { name, bytes } = fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_NAME: 'a?b' });
    bytes[Buffer.from(bytes).indexOf('a?b') + 1] = 0xff;
    expect(readEvent(name, bytes).name).toBe('a\ufffdb');
  });
});

const GOOD = fixtureFile('prolog_slurmctld.job9.head01.1');
const text = (content: string) => new TextEncoder().encode(content);
const BAD: [title: string, file: HookFile, reason: RegExp][] = [
  [
    'has an end without an exit code',
    fixtureFile('epilog_slurmctld.job11.head01.1', { SLURM_JOB_EXIT_CODE2: '?' }),
    /invalid exit code "\?"/,
  ],
  ['is empty', { ...GOOD, bytes: text('') }, /is empty/],
  ['was cut off', { ...GOOD, bytes: GOOD.bytes.slice(0, -1) }, /is incomplete/],
  ['was cut off between two variables', { ...GOOD, bytes: GOOD.bytes.slice(0, -4) }, /is incomplete/],
  ['contains random bytes', { ...GOOD, bytes: crypto.getRandomValues(new Uint8Array(5000)) }, /begins with/],
  ['is of another version', { ...GOOD, bytes: text('hpc-observe hook 2\0end\0') }, /begins with/],
  ['has no variables', { ...GOOD, bytes: text('hpc-observe hook 1\0end\0') }, /invalid job id ""/],
  [
    'contains a text without a name',
    { ...GOOD, bytes: text('hpc-observe hook 1\0=x\0end\0') },
    /instead of a variable/,
  ],
  ['is too large', { ...GOOD, bytes: new Uint8Array(MAX_EVENT_BYTES + 1) }, /larger than \d+ bytes/],
  ['is of an unknown kind', hookFile('task_prolog', 1e12, { SLURM_JOB_ID: '1' }), /no hook writes/],
  ['has a name that no hook writes', { ...GOOD, name: 'x.event' }, /no hook writes/],
  [
    'was written by a script set as another hook',
    fixtureFile('prolog_slurmctld.job9.head01.1', {
      SLURM_SCRIPT_CONTEXT: 'epilog_slurmd',
    }),
    /script of prolog_slurmctld.*"epilog_slurmd"/,
  ],
  [
    'has a job id of other characters than digits',
    { ...hookFile('prolog_slurmctld', 1e12, { SLURM_JOB_ID: '1;2' }), name: GOOD.name },
    /invalid job id "1;2"/,
  ],
  [
    'has an incomplete node list',
    fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_NODELIST: 'n[1-' }),
    /n\[1-/,
  ],
];
test.each(BAD)('an event file that %s is refused with a reason', (_, file, reason) => {
  expect(() => read(file)).toThrow(AppError);
  expect(() => read(file)).toThrow(reason);
});

test('an event file that was cut off anywhere is refused', () => {
  for (let length = 0; length < GOOD.bytes.length; length++) {
    expect(() => readEvent(GOOD.name, GOOD.bytes.slice(0, length)), String(length)).toThrow(AppError);
  }
});

test('the name of an event file gives the hook and the time', () => {
  expect(readEventName('1795406386.785123456-epilog_slurmd-15-1-77-n-1.cluster.event')).toEqual({
    kind: 'epilog_slurmd',
    timeMs: 1_795_406_386_785,
  });
});
