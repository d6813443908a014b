import { expect, test } from 'bun:test';
import { freeGpus } from '../../../src/domain/nodes/free-gpus.ts';
import { holderFinder } from '../../../src/domain/nodes/gpu-holders.ts';
import { type NodeJob, partOn } from '../../../src/domain/nodes/node-job.ts';
import { nodeCollector } from '../../../src/domain/nodes/node-now.ts';
import type { SchedulerNode } from '../../../src/domain/nodes/scheduler-node.ts';
import { NOON_MS } from '../../help/clock.ts';
import { nodeReport } from '../../help/node-report.ts';

const job = (jobId: string, fields: Partial<NodeJob> = {}): NodeJob => ({
  ...{ jobId, user: 'alice', node: 'n1', nodes: 1, startTimeMs: NOON_MS - 1000 },
  ...fields,
});
const slurm = (node: string, fields: Partial<SchedulerNode> = {}): SchedulerNode => ({
  ...{ node, state: 'mixed', condition: 'up', partitions: ['gpu'], gpus: [], features: [] },
  ...fields,
});
const schedulerOf = (...nodes: SchedulerNode[]) => ({
  timeMs: NOON_MS,
  nodes: new Map(nodes.map((one) => [one.node, one])),
});
const received = (fields: Parameters<typeof nodeReport>[0] = {}, receivedMs = NOON_MS) => ({
  report: nodeReport(fields),
  receivedMs,
});

test('a node without an agent has what its jobs were given, and what they use as long as that is fresh', () => {
  const collector = nodeCollector(NOON_MS, undefined);
  const usage = { cpuUsage: 50, memoryUsageMb: 3000, gpuUsage: 25 };
  collector.addJob(job('a', { cpus: 8, memoryMb: 4000, gpus: 2, ...usage, usageTimeMs: NOON_MS - 1000 }));
  collector.addJob(job('b', { cpus: 4, ...usage, usageTimeMs: NOON_MS - 301_000 }));
  expect([...collector.nodes()]).toEqual([
    {
      node: 'n1',
      jobs: [
        { jobId: 'a', user: 'alice' },
        { jobId: 'b', user: 'alice' },
      ],
      cpus: { allocated: 12, used: 4 },
      memoryMb: { allocated: 4000, used: 3000 },
      gpus: { allocated: 2, used: 0.5 },
      gpuModels: [],
    },
  ]);
});

test('the scheduler counts what is given, the agent what is used; a silent one is not believed', () => {
  const node = slurm('n1', { cpus: 128, cpusAllocated: 64, memoryMb: 1000, memoryAllocatedMb: 500 });
  const gpus = [{ total: 2, allocated: 1 }];
  const of = (receivedMs: number) => {
    const collector = nodeCollector(NOON_MS, schedulerOf({ ...node, gpus }));
    collector.addJob(job('a', { cpus: 8 }));
    collector.addReport(received({}, receivedMs));
    return [...collector.nodes()][0]!;
  };
  expect(of(NOON_MS)).toMatchObject({
    cpus: { total: 128, allocated: 64, used: 2.5 },
    memoryMb: { total: 1000, allocated: 500, used: 1024 },
    gpus: { total: 2, allocated: 1, used: 0 },
    agent: { isSilent: false, load1: 3.3, troubles: ['nvidia-smi hangs.'] },
  });
  const silent = of(NOON_MS - 301_000);
  expect(silent.agent).toMatchObject({ isSilent: true, troubles: [] });
  expect([silent.cpus.used, silent.memoryMb.used, silent.agent]).toEqual([
    undefined,
    undefined,
    expect.not.objectContaining({ load1: expect.anything() }),
  ]);
});

test('nodes are in the order of their names, also those that only the scheduler knows', () => {
  const collector = nodeCollector(NOON_MS, schedulerOf(slurm('n3')));
  collector.addJob(job('a', { node: 'n2' }));
  collector.addReport(received({ node: 'n1' }));
  const nodes = [...collector.nodes()];
  expect(nodes.map(({ node }) => node)).toEqual(['n1', 'n2', 'n3']);
  expect(nodes[2]).toMatchObject({ cpus: { allocated: 0 }, gpus: { allocated: 0 } });
  // Nobody said how much the job on n2 was given.
  expect(nodes[1]!.cpus).toEqual({});
});

test('free GPUs can be given now; those of drained nodes, and of nodes without cores or memory, are blocked', () => {
  const gpus = [{ model: 'a100', total: 4, allocated: 1 }];
  const free = { cpus: 64, cpusAllocated: 32, memoryMb: 64_000, memoryAllocatedMb: 32_000, gpus };
  const collector = nodeCollector(
    NOON_MS,
    schedulerOf(
      slurm('n1', { ...free, partitions: ['gpu', 'long'] }),
      slurm('n2', { ...free, condition: 'drained' }),
      slurm('n3', { ...free, cpusAllocated: 64 }),
      slurm('n4', { ...free, memoryAllocatedMb: 63_500 }),
      slurm('n5', { ...free, gpus: [{ model: 'h100', total: 8, allocated: 8 }] }),
    ),
  );
  expect(freeGpus([...collector.nodes()])).toEqual([
    {
      ...{ model: 'a100', total: 16, allocated: 4, free: 3, blocked: 9 },
      partitions: [
        { partition: 'gpu', total: 16, allocated: 4, free: 3, blocked: 9 },
        { partition: 'long', total: 4, allocated: 1, free: 3, blocked: 0 },
      ],
    },
    {
      ...{ model: 'h100', total: 8, allocated: 8, free: 0, blocked: 0 },
      partitions: [{ partition: 'gpu', total: 8, allocated: 8, free: 0, blocked: 0 }],
    },
  ]);
});

test('without a scheduler the GPUs are those that agents found, given as their jobs say', () => {
  const collector = nodeCollector(NOON_MS, undefined);
  collector.addJob(job('a', { gpus: 3 }));
  const gpu = (model: string) => ({ gpu: crypto.randomUUID(), model });
  collector.addReport(received({ gpus: Array.from({ length: 4 }, () => gpu('H200')) }));
  collector.addReport(received({ node: 'n2', gpus: [gpu('A'), gpu('B')] }));
  expect(freeGpus([...collector.nodes()])).toEqual([
    { model: 'H200', total: 4, allocated: 3, free: 1, blocked: 0, partitions: [] },
    // Which of them a job would have cannot be told.
    { model: 'A + B', total: 2, allocated: 0, free: 2, blocked: 0, partitions: [] },
  ]);
});

test('a GPU without a type in the scheduler has the model that the agent found', () => {
  const collector = nodeCollector(NOON_MS, schedulerOf(slurm('n1', { gpus: [{ total: 2, allocated: 2 }] })));
  collector.addReport(received({ gpus: [{ gpu: 'GPU-1', model: 'H200' }] }));
  expect(freeGpus([...collector.nodes()])).toMatchObject([{ model: 'H200', total: 2, allocated: 2 }]);
});

test('what a job has of a node is as its Prolog said, and else an equal part', () => {
  const totals = { cpus: 10, memoryMb: 100, gpus: null };
  expect(partOn(totals, 4, undefined)).toEqual({ cpus: 2.5, memoryMb: 25 });
  expect(partOn(totals, 4, { node: 'n1', cpus: 4, gpuIds: ['0', '3'] })).toEqual({
    ...{ cpus: 4, memoryMb: 25, gpus: 2 },
    gpuIds: ['0', '3'],
  });
});

test('a GPU is held by the job that measured it, or that the scheduler gave it by UUID or index', () => {
  const holdersOf = holderFinder([
    job('measured', { measuredGpus: ['GPU-1'], gpuIds: ['0'] }),
    job('by-index', { gpuIds: ['2'] }),
    job('by-uuid', { gpuIds: ['GPU-3'] }),
  ]);
  expect(['GPU-0', 'GPU-1', 'GPU-2', 'GPU-3'].map(holdersOf)).toEqual([
    [],
    ['measured'],
    ['by-index'],
    ['by-uuid'],
  ]);
});
