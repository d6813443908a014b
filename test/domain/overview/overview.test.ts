import { describe, expect, test } from 'bun:test';
import type { EndedJob } from '../../../src/domain/ended-job.ts';
import type { Severity } from '../../../src/domain/finding/severity.ts';
import type { AgentNow, NodeNow } from '../../../src/domain/nodes/node-now.ts';
import { amountCollector } from '../../../src/domain/overview/amounts.ts';
import { concernCollector } from '../../../src/domain/overview/concerns.ts';
import { endingCollector } from '../../../src/domain/overview/endings.ts';
import { agentCollector, sourceAges } from '../../../src/domain/overview/freshness.ts';
import type { RunningJob } from '../../../src/domain/running-job.ts';
import type { CommandState } from '../../../src/domain/slurm-health.ts';

const NOW = 10 * 3_600_000;
const GB = 1024;

const running = (id: string, more: Partial<RunningJob> = {}): RunningJob => ({
  ...{ id, user: 'alice', nodes: 1, startTimeMs: NOW - 7_200_000, suspendedSeconds: 0 },
  ...{ cpuUsage: 90, memoryUsageMb: 10 * GB, usageTimeMs: NOW - 10_000 },
  ...{ cpus: 10, memoryLimitMb: 20 * GB },
  ...more,
});
const agent = (ageMs: number, more: Partial<AgentNow> = {}): AgentNow => ({
  ...{ receivedMs: NOW - ageMs, isSilent: ageMs > 300_000, intervalMs: 15_000, version: '1' },
  ...{ clockDifferenceMs: 0, troubles: [] },
  ...more,
});
const node = (name: string, more: Partial<NodeNow> = {}): NodeNow => ({
  ...{ node: name, jobs: [], gpuModels: [], gpus: {} },
  ...{ cpus: { total: 64 }, memoryMb: { total: 256 * GB } },
  ...more,
});
const jobsOf = (...users: string[]) => users.map((user) => ({ jobId: user, user }));

describe('amounts', () => {
  test('tell used from allocated from all', () => {
    const amounts = amountCollector();
    amounts.addRunning(running('1', { gpus: 4, gpuUsage: 25 }));
    amounts.addRunning(running('2', { cpuUsage: 10 }));
    const watts = agent(1000, { gpuPowerWatts: 300.25 });
    amounts.addNode(node('n1', { agent: watts, gpus: { total: 2 }, jobs: jobsOf('alice') }));
    amounts.addNode(node('n2', { agent: agent(600_000) }));
    expect(amounts.amounts()).toEqual({
      cpus: { total: 128, allocated: 20, used: 10 },
      memoryMb: { total: 512 * GB, allocated: 40 * GB, used: 20 * GB },
      gpus: { total: 2, allocated: 4, used: 1 },
      nodes: { total: 2, withJobs: 1 },
      gpuPowerWatts: 300.3,
    });
  });

  test('that nobody measured are absent, not 0', () => {
    const amounts = amountCollector();
    const { usageTimeMs: _, ...unmeasured } = running('1');
    amounts.addRunning(unmeasured);
    expect(amounts.amounts()).toMatchObject({ cpus: { allocated: 10 }, gpus: { allocated: 0 } });
    expect(amounts.amounts().cpus).not.toHaveProperty('used');
    expect(amounts.amounts()).not.toHaveProperty('gpuPowerWatts');
  });

  test('count nodes by what the scheduler says of them, and only those with jobs that are shown', () => {
    const amounts = amountCollector(({ user }) => user === 'alice');
    const said = (condition: 'up' | 'drained' | 'down') => ({
      scheduler: { node: 'n', condition, state: 'X', partitions: [], features: [], gpus: [] },
    });
    amounts.addNode(node('n1', { ...said('up'), jobs: jobsOf('bob', 'alice') }));
    amounts.addNode(node('n2', { ...said('drained'), jobs: jobsOf('bob') }));
    amounts.addNode(node('n3', said('down')));
    expect(amounts.amounts().nodes).toEqual({ total: 3, withJobs: 1, up: 1, drained: 1, down: 1 });
  });
});

describe('freshness', () => {
  const following = (squeue: Partial<CommandState>, sacct?: Partial<CommandState>) => ({
    intervalMs: 30_000,
    states: new Map(
      Object.entries({ squeue, ...(sacct && { sacct }) }).map(([name, state]) => [
        name,
        { calls: 1, failures: 0, ...state },
      ]),
    ),
  });

  test('of squeue ends after four polls, or as long as a slow Slurm rests', () => {
    const isStale = (state: Partial<CommandState>) => sourceAges(following(state), NOW).squeue!.isStale;
    expect(isStale({ lastSuccessMs: NOW - 120_000 })).toBe(false);
    expect(isStale({ lastSuccessMs: NOW - 120_001 })).toBe(true);
    expect(isStale({ lastSuccessMs: NOW - 240_000, lastDurationMs: 10_000 })).toBe(false);
    expect(isStale({})).toBe(true);
  });

  test('of sacct does not end with time, because it is only asked when a job has left the queue', () => {
    const sacctOf = (state: Partial<CommandState>) => sourceAges(following({}, state), NOW).sacct;
    expect(sacctOf({ lastSuccessMs: 1 })).toEqual({ lastMs: 1, isStale: false });
    expect(sacctOf({ lastSuccessMs: 1, isFailing: true })).toEqual({ lastMs: 1, isStale: true });
    expect(sourceAges(following({}), NOW)).not.toHaveProperty('sacct');
  });

  test('of agents is counted on nodes with jobs that are shown', () => {
    const agents = agentCollector(NOW, ({ user }) => user === 'alice');
    const jobs = jobsOf('alice');
    for (const [name, more] of Object.entries<Partial<NodeNow>>({
      live: { agent: agent(59_000), jobs },
      slow: { agent: agent(200_000, { intervalMs: 60_000 }), jobs },
      stale: { agent: agent(61_000), jobs },
      silent: { agent: agent(301_000), jobs },
      missing: { jobs },
      idle: { agent: agent(301_000) },
      others: { agent: agent(301_000), jobs: jobsOf('bob') },
    }))
      agents.addNode(node(name, more));
    expect(agents.ages()).toEqual({ live: 2, stale: 1, silent: 1, missing: 1 });
  });
});

describe('concerns', () => {
  const concernsOf = (...jobs: RunningJob[]) => {
    const concerns = concernCollector(NOW);
    for (const job of jobs) concerns.addRunning(job);
    return { wasting: concerns.wasting(), troubled: concerns.troubled() };
  };

  test('are none of a job that does well', () => {
    expect(concernsOf(running('1'))).toEqual({ wasting: [], troubled: [] });
  });

  const found = (kind: string, severity: Severity = 'waste') => ({ findings: [{ kind, severity }] });

  test('put idle GPUs first, by the time that they have been held', () => {
    const idle = (id: string, gpus: number) => running(id, { gpuUsage: 0, gpus, ...found('gpu-paused') });
    const cpus = running('cpus', { cpuUsage: 1, cpus: 900, ...found('cpu-idle') });
    const { wasting } = concernsOf(cpus, idle('two', 2), idle('eight', 8));
    expect(wasting.map(({ jobId, kind }) => `${jobId} ${kind}`)).toEqual([
      'eight gpu-paused',
      'two gpu-paused',
      'cpus cpu-idle',
    ]);
    expect(wasting[2]!.message).toBe('900 CPUs at 1 % now, held for 2 h');
    expect(wasting[0]!.message).toBe('8 GPUs idle now, held for 2 h');
  });

  test('leave out what rules do not find, however it looks now, and what costs nobody', () => {
    const idle = { gpuUsage: 0, gpus: 4, memoryUsageMb: 20 * GB };
    const remark = running('remark', { ...idle, ...found('gpu-low', 'info') });
    expect(concernsOf(running('young', idle), remark)).toEqual({ wasting: [], troubled: [] });
  });

  test('put memory near its limit before time, and both before silence', () => {
    const memory = running('memory', { memoryUsageMb: 19.5 * GB, ...found('memory-near-limit', 'harm') });
    const time = running('time', { timeLimitSeconds: 7500 });
    const silent = running('silent', { usageTimeMs: NOW - 1_200_000 });
    expect(concernsOf(silent, time, memory).troubled).toMatchObject([
      { jobId: 'memory', message: '19.5 GB of 20 GB memory now' },
      { jobId: 'time', message: '5 min left of 2 h 5 min' },
      { jobId: 'silent', message: 'nothing measured for 20 min' },
    ]);
  });

  test('are at most eight', () => {
    const jobs = Array.from({ length: 20 }, (_, index) =>
      running(`${index}`, found('memory-near-limit', 'harm')),
    );
    expect(concernsOf(...jobs).troubled).toHaveLength(8);
  });
});

describe('failed jobs', () => {
  test('of one node are one row, with those that ended at once', () => {
    const endings = endingCollector();
    const failed = (id: string, node: string | undefined, seconds: number, rawState: string): EndedJob => ({
      ...{ id, user: 'alice', state: 'failed', rawState, suspendedSeconds: 0 },
      ...(node !== undefined && { node }),
      ...{ startTimeMs: NOW - 7_200_000, endTimeMs: NOW - 7_200_000 + seconds * 1000 },
    });
    for (const id of ['1', '2', '3', '4']) endings.addFailed(failed(id, 'n7', 2, 'NODE_FAIL'));
    endings.addFailed(failed('5', 'n7', 600, 'OUT_OF_MEMORY'));
    endings.addFailed(failed('6', undefined, 0, 'FAILED'));
    expect(endings.endings()).toEqual([
      {
        node: 'n7',
        jobs: 5,
        short: 4,
        states: [
          { state: 'NODE_FAIL', jobs: 4 },
          { state: 'OUT_OF_MEMORY', jobs: 1 },
        ],
        examples: ['1', '2', '3'],
      },
      { jobs: 1, short: 1, states: [{ state: 'FAILED', jobs: 1 }], examples: ['6'] },
    ]);
  });
});
