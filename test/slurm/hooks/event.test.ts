import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/domain/errors.ts';
import { MAX_EVENT_BYTES, readEvent, readEventName } from '../../../src/slurm/hooks/event.ts';
import { fixtureFile, type HookFile, hookFile, readFixture } from '../hook-file.ts';

const read = ({ name, bytes }: HookFile) => readEvent(name, bytes);
const timeOf = (name: string) => readFixture(name).timeMs;
const PHYSICS = { account: 'physics', partition: 'debug', cluster: 'testbed', workDir: '/srv/home/alice' };
const SOMEBODY = { source: 'hook', user: 'alice', ...PHYSICS } as const;

describe('a start', () => {
  test('of a job on several nodes', () => {
    const timeMs = timeOf('prolog_slurmctld.job9.head01.1');
    expect(read(fixtureFile('prolog_slurmctld.job9.head01.1'))).toEqual({
      ...SOMEBODY,
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

  test('of a task of an array', () => {
    expect(read(fixtureFile('prolog_slurmctld.job18.head01.1'))).toMatchObject({
      id: '18',
      arrayJobId: '8',
      arrayTaskId: 3,
    });
  });

  test('of a job that was requeued', () => {
    expect(read(fixtureFile('prolog_slurmctld.job4.head01.2'))).toMatchObject({ id: '4', restarts: 1 });
  });

  test('has the start that Slurm tells, from 23.02 on', () => {
    const report = read(
      fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_START_TIME: '1795000000' }),
    );
    expect(report).toMatchObject({ state: 'running', startTimeMs: 1_795_000_000_000 });
    expect(report).not.toHaveProperty('isStartRough');
  });

  test('has the QOS, from 25.11 on', () => {
    const report = read(fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_QOS: 'normal' }));
    expect(report.qos).toBe('normal');
  });
});

describe('an end', () => {
  test('has no count of restarts: after a requeue it is that of the next run', () => {
    const timeMs = timeOf('epilog_slurmctld.job4.head01.1');
    expect(readFixture('epilog_slurmctld.job4.head01.1').variables.SLURM_JOB_RESTART_COUNT).toBe('1');
    expect(read(fixtureFile('epilog_slurmctld.job4.head01.1'))).toEqual({
      ...SOMEBODY,
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
  test.each(OUTCOMES)('%s came to what its exit code says', (fixture, outcome) => {
    const report = read(fixtureFile(fixture));
    expect(report).toMatchObject(outcome);
    expect('signal' in report).toBe('signal' in outcome);
    expect('exitCode' in report).toBe('exitCode' in outcome);
  });

  test('has the times that Slurm tells, but no end that is yet to come', () => {
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

describe('a hook of a node', () => {
  test('tells what the job has there, and that it runs, or has gone from there', () => {
    const timeMs = timeOf('prolog_slurmd.job15.node03.1');
    expect(read(fixtureFile('prolog_slurmd.job15.node03.1'))).toEqual({
      ...SOMEBODY,
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
    // The node may be one that the job gave back, while it goes on elsewhere.
    expect(read(fixtureFile('epilog_slurmd.job15.node03.1'))).toEqual({
      ...SOMEBODY,
      id: '15',
      observedMs: timeOf('epilog_slurmd.job15.node03.1'),
      allocations: [{ node: 'node03', cpus: 1, gpuIds: ['0'] }],
    });
  });

  test('has the start that Slurm tells, from 23.02 on, and none before 22.05', () => {
    const fixture = 'prolog_slurmd.job15.node03.1';
    const told = read(fixtureFile(fixture, { SLURM_JOB_START_TIME: '1795000000' }));
    expect(told).toMatchObject({ state: 'running', startTimeMs: 1_795_000_000_000 });
    expect(told).not.toHaveProperty('isStartRough');
    const old = read(fixtureFile(fixture, { SLURM_JOB_RESTART_COUNT: '' }));
    expect(old).not.toHaveProperty('state');
    expect(old).not.toHaveProperty('startTimeMs');
  });

  test('without GPUs says nothing of them', () => {
    const report = read(fixtureFile('prolog_slurmd.job9.node03.1'));
    expect(report.allocations).toEqual([{ node: 'node03', cpus: 1 }]);
  });

  const CPUS: [text: string, cpus: number | undefined, total: number | undefined][] = [
    ['4(x2),2', 2, 10],
    ['4,8(x2)', 8, 20],
    ['4(x2)', undefined, 8],
    ['4(x2', undefined, undefined],
    ['', undefined, undefined],
    ['4,,2', undefined, undefined],
  ];
  test.each(CPUS)('with the CPUs %p has %p on the last of three nodes, %p in all', (text, cpus, total) => {
    const report = read(fixtureFile('prolog_slurmd.job9.node03.1', { SLURM_JOB_CPUS_PER_NODE: text }));
    expect(report.allocations![0]!.cpus).toBe(cpus!);
    expect(report.cpus).toBe(total!);
  });

  const UUIDS = ['GPU-1f0e', 'GPU-77ab'];
  const GPUS: [title: string, variables: Record<string, string>, ids: string[] | undefined][] = [
    ['the job’s list', { SLURM_JOB_GPUS: '2,3', CUDA_VISIBLE_DEVICES: '0,1' }, ['2', '3']],
    ['UUIDs rather than indexes', { SLURM_JOB_GPUS: '2,3', CUDA_VISIBLE_DEVICES: UUIDS.join() }, UUIDS],
    ['slices', { SLURM_JOB_GPUS: '0', CUDA_VISIBLE_DEVICES: 'MIG-9b/1/0' }, ['MIG-9b/1/0']],
    ['CUDA', { CUDA_VISIBLE_DEVICES: '1', GPU_DEVICE_ORDINAL: '0' }, ['1']],
    ['AMD', { CUDA_VISIBLE_DEVICES: '', ROCR_VISIBLE_DEVICES: '4,5' }, ['4', '5']],
    ['Intel', { ZE_AFFINITY_MASK: '0.1' }, ['0.1']],
    ['none', { CUDA_VISIBLE_DEVICES: 'NoDevFiles' }, undefined],
    ['a list with a gap', { SLURM_JOB_GPUS: '1,,2' }, undefined],
  ];
  test.each(GPUS)('takes its GPUs from %s', (_, variables, ids) => {
    const report = read(fixtureFile('prolog_slurmd.job9.node03.1', variables));
    expect(report.allocations![0]!.gpuIds).toEqual(ids!);
  });

  test('that does not say which node it is of is refused', () => {
    expect(() => read(fixtureFile('prolog_slurmd.job9.node03.1', { SLURMD_NODENAME: '' }))).toThrow(
      /which node/,
    );
  });
});

describe('any text', () => {
  test('comes back as it is', () => {
    const name = 'a=b\n"\'\\ $(id) `id` \u{1f600} \u0001';
    expect(read(fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_NAME: name })).name).toBe(name);
  });

  test('is left out when it is longer than Slurm allows', () => {
    const long = 'x'.repeat(100_000);
    const report = read(
      fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_NAME: long, SLURM_JOB_USER: long }),
    );
    expect(report).toMatchObject({ id: '9', state: 'running', account: 'physics' });
    expect(Object.keys(report)).not.toContain('name');
    expect(Object.keys(report)).not.toContain('user');
  });

  test('is left out when Slurm has none, as an account without accounting', () => {
    const report = read(fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_ACCOUNT: '(null)' }));
    expect(Object.keys(report)).not.toContain('account');
  });

  test('that is no UTF-8 is read as far as it goes', () => {
    const { name, bytes } = fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_NAME: 'a?b' });
    bytes[Buffer.from(bytes).indexOf('a?b') + 1] = 0xff;
    expect(readEvent(name, bytes).name).toBe('a\ufffdb');
  });
});

const GOOD = fixtureFile('prolog_slurmctld.job9.head01.1');
const text = (content: string) => new TextEncoder().encode(content);
const BAD: [title: string, file: HookFile, reason: RegExp][] = [
  [
    'an end without an exit code',
    fixtureFile('epilog_slurmctld.job11.head01.1', { SLURM_JOB_EXIT_CODE2: '?' }),
    /no exit code: "\?"/,
  ],
  ['empty', { ...GOOD, bytes: text('') }, /is empty/],
  ['cut off', { ...GOOD, bytes: GOOD.bytes.slice(0, -1) }, /is cut off/],
  ['cut off between two variables', { ...GOOD, bytes: GOOD.bytes.slice(0, -4) }, /is cut off/],
  ['garbage', { ...GOOD, bytes: crypto.getRandomValues(new Uint8Array(5000)) }, /begins with/],
  ['of another version', { ...GOOD, bytes: text('hpc-observe hook 2\0end\0') }, /begins with/],
  ['without variables', { ...GOOD, bytes: text('hpc-observe hook 1\0end\0') }, /no job id/],
  ['with something between', { ...GOOD, bytes: text('hpc-observe hook 1\0=x\0end\0') }, /where a variable/],
  ['too large', { ...GOOD, bytes: new Uint8Array(MAX_EVENT_BYTES + 1) }, /more than \d+ bytes/],
  ['of an unknown kind', hookFile('task_prolog', 1e12, { SLURM_JOB_ID: '1' }), /no hook gives/],
  ['named by somebody else', { ...GOOD, name: 'x.event' }, /no hook gives/],
  [
    'of a script set as another hook',
    fixtureFile('prolog_slurmctld.job9.head01.1', {
      SLURM_SCRIPT_CONTEXT: 'epilog_slurmd',
    }),
    /script of prolog_slurmctld.*"epilog_slurmd"/,
  ],
  [
    'of a job without a number',
    { ...hookFile('prolog_slurmctld', 1e12, { SLURM_JOB_ID: '1;2' }), name: GOOD.name },
    /no job id: "1;2"/,
  ],
  [
    'with half a node list',
    fixtureFile('prolog_slurmctld.job9.head01.1', { SLURM_JOB_NODELIST: 'n[1-' }),
    /n\[1-/,
  ],
];
test.each(BAD)('a file that is %s is refused with a reason', (_, file, reason) => {
  expect(() => read(file)).toThrow(AppError);
  expect(() => read(file)).toThrow(reason);
});

test('a cut of a file anywhere is refused', () => {
  for (let length = 0; length < GOOD.bytes.length; length++) {
    expect(() => readEvent(GOOD.name, GOOD.bytes.slice(0, length)), String(length)).toThrow(AppError);
  }
});

test('the name of a file tells when and which hook', () => {
  expect(readEventName('1795406386.785123456-epilog_slurmd-15-1-77-n-1.cluster.event')).toEqual({
    kind: 'epilog_slurmd',
    timeMs: 1_795_406_386_785,
  });
});
