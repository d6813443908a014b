import { describe, expect, test } from 'bun:test';
import { measureJob } from '../../src/demo/behaviour.ts';
import {
  type Behaviour,
  createScheduler,
  type DemoJob,
  draftJob,
  memoryLimitMb,
  NODES,
  planJobs,
  recogniseJob,
  USERS,
} from '../../src/demo/cluster.ts';
import { hasEnded } from '../../src/domain/job.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NOON_MS = Date.UTC(2026, 0, 20, 12);

const planThreeDays = (seed: number) =>
  planJobs(createScheduler(seed, 1_000_000), [], NOON_MS - 3 * DAY_MS, NOON_MS);
const PLAN = planThreeDays(1);
const runningAt = (timeMs: number) =>
  PLAN.filter((job) => job.startTimeMs <= timeMs && timeMs < job.endTimeMs);
const share = (jobs: readonly DemoJob[], wanted: (job: DemoJob) => boolean) =>
  jobs.filter(wanted).length / jobs.length;

describe('the plan of three days', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(planThreeDays(1)).toEqual(PLAN);
    expect(planThreeDays(2)).not.toEqual(PLAN);
  });

  test('has hundreds of jobs with ids of their own, in the order of their starts, none in the future', () => {
    expect(PLAN.length).toBeWithin(400, 3000);
    expect(new Set(PLAN.map((job) => job.id)).size).toBe(PLAN.length);
    const starts = PLAN.map((job) => job.startTimeMs);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(starts.at(-1)).toBeLessThanOrEqual(NOON_MS);
  });

  test('never gives away more of a node than there is, nor CPU nodes to GPU jobs', () => {
    const gpuNodes = new Set(NODES.filter((node) => node.hasGpus).map((node) => node.name));
    for (const { startTimeMs } of PLAN) {
      const used = new Map<string, number>();
      for (const job of runningAt(startTimeMs)) {
        for (const node of job.nodes) used.set(node, (used.get(node) ?? 0) + job.quarters);
      }
      expect(Math.max(...used.values())).toBeLessThanOrEqual(4);
    }
    for (const job of PLAN) {
      expect(new Set(job.nodes).size).toBe(job.nodeCount);
      expect(job.nodes.every((node) => gpuNodes.has(node))).toBe(job.behaviour !== 'cpuOnly');
    }
  });

  test('keeps most of the cluster busy once it has filled', () => {
    for (let timeMs = NOON_MS - 2 * DAY_MS; timeMs <= NOON_MS; timeMs += HOUR_MS) {
      const used = runningAt(timeMs).reduce((sum, job) => sum + job.nodes.length * job.quarters, 0);
      expect(used / (NODES.length * 4)).toBeWithin(0.6, 1);
    }
  });

  test('is believable: most jobs complete, a few users do much, most jobs are small', () => {
    expect(PLAN.every((job) => hasEnded(job.verdict))).toBe(true);
    expect(share(PLAN, (job) => job.verdict === 'completed')).toBeWithin(0.65, 0.9);
    expect(share(PLAN, (job) => job.verdict === 'failed')).toBeWithin(0.08, 0.25);
    expect(share(PLAN, (job) => job.verdict === 'cancelled')).toBeWithin(0.02, 0.12);
    expect(share(PLAN, (job) => job.nodes.length === 1)).toBeWithin(0.6, 0.9);
    expect(Math.max(...PLAN.map((job) => job.nodes.length))).toBe(4);
    const jobsByUser = [...Map.groupBy(PLAN, (job) => job.user).values()].map((jobs) => jobs.length);
    expect(Math.max(...jobsByUser)).toBeGreaterThan((8 * PLAN.length) / USERS.length / 2);
    expect(jobsByUser.length).toBeGreaterThan(45);
  });
});

test('there are 40 nodes and 60 users, all different', () => {
  expect(new Set(NODES.map((node) => node.name)).size).toBe(40);
  expect(new Set(USERS).size).toBe(60);
  expect(USERS.length).toBe(60);
});

test('a stored job is recognised by its id and user, and nobody else’s is', () => {
  const { id, user, nodes, startTimeMs, endTimeMs } = PLAN[0]!;
  const stored = { id, user, nodes, startTimeMs, state: 'running', cpuUsage: 0, memoryUsageMb: 0 } as const;
  expect(recogniseJob(1, stored)).toEqual(PLAN[0]);
  expect(recogniseJob(1, { ...stored, endTimeMs: endTimeMs - 5 })?.endTimeMs).toBe(endTimeMs - 5);
  expect(recogniseJob(1, { ...stored, user: 'visitor' })).toBeUndefined();
  expect(recogniseJob(1, { ...stored, nodes: ['laptop'] })).toBeUndefined();
  expect(recogniseJob(1, { ...stored, id: 'my-job' })).toBeUndefined();
});

describe('what jobs use', () => {
  const jobOf = (behaviour: Behaviour, id = 1_234_567): DemoJob => ({
    ...draftJob(1, id),
    behaviour,
    nodes: behaviour === 'cpuOnly' ? ['cpu001', 'cpu002'] : ['gpu001', 'gpu002'],
    quarters: 4,
    startTimeMs: NOON_MS,
    runtimeMs: 2 * HOUR_MS,
    endTimeMs: NOON_MS + 2 * HOUR_MS,
  });
  /** Every 5 s of two hours, on the first node. */
  const curveOf = (behaviour: Behaviour, id?: number) =>
    Array.from({ length: 1440 }, (_, index) => measureJob(jobOf(behaviour, id), 0, NOON_MS + index * 5000));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const after = <Value>(curve: readonly Value[], part: number) =>
    curve.slice(Math.floor(curve.length * part));

  test.each<Behaviour>(['steady', 'bursty', 'leaking', 'idleGpu', 'failing', 'cpuOnly'])(
    '%s: every value is one that the store takes',
    (behaviour) => {
      const curves = Array.from({ length: 20 }, (_, index) => curveOf(behaviour, 1_234_567 + index));
      for (const { cpuUsage, memoryUsageMb, gpuUsage } of curves.flat()) {
        for (const percent of [cpuUsage, ...(gpuUsage === undefined ? [] : [gpuUsage])]) {
          expect(percent).toBeWithin(0, 100.01);
          expect(percent).toBe(Number(percent.toFixed(2)));
        }
        expect(Number.isInteger(memoryUsageMb)).toBe(true);
        expect(memoryUsageMb).toBeWithin(1, memoryLimitMb(jobOf(behaviour), 0) + 1);
        expect(gpuUsage === undefined).toBe(behaviour === 'cpuOnly');
      }
    },
  );

  test('the nodes of a job differ, and a node’s values move', () => {
    const at = (node: number, timeMs: number) => measureJob(jobOf('steady'), node, NOON_MS + timeMs);
    expect(at(0, HOUR_MS)).not.toEqual(at(1, HOUR_MS));
    expect(at(0, HOUR_MS)).not.toEqual(at(0, HOUR_MS + 5000));
    expect(at(0, HOUR_MS)).toEqual(at(0, HOUR_MS));
  });

  test('steady stays where it is, from one live sample to the next too', () => {
    const gpu = after(curveOf('steady'), 0.1).map((values) => values.gpuUsage!);
    expect(Math.min(...gpu)).toBeGreaterThan(70);
    const steps = gpu.slice(1).map((value, index) => Math.abs(value - gpu[index]!));
    expect(Math.max(...steps)).toBeLessThan(4);
  });

  test('bursty has busy and quiet times', () => {
    const gpu = after(curveOf('bursty'), 0.1).map((values) => values.gpuUsage!);
    expect(gpu.filter((value) => value > 80).length / gpu.length).toBeWithin(0.3, 0.8);
    expect(gpu.filter((value) => value < 20).length / gpu.length).toBeWithin(0.2, 0.7);
  });

  test('leaking grows to its limit', () => {
    const memory = curveOf('leaking').map((values) => values.memoryUsageMb);
    const limitMb = memoryLimitMb(jobOf('leaking'), 0);
    expect(memory[360]! / limitMb).toBeWithin(0.3, 0.4);
    expect(memory.at(-1)! / limitMb).toBeGreaterThan(0.98);
  });

  test('idleGpu computes, but not on its GPUs', () => {
    const curve = after(curveOf('idleGpu'), 0.1);
    expect(mean(curve.map((values) => values.gpuUsage!))).toBeLessThan(1);
    expect(mean(curve.map((values) => values.cpuUsage))).toBeGreaterThan(50);
  });

  test('failing works, then hangs', () => {
    const curve = curveOf('failing');
    expect(mean(curve.slice(100, 900).map((values) => values.gpuUsage!))).toBeGreaterThan(60);
    expect(mean(after(curve, 0.75).map((values) => values.gpuUsage!))).toBe(0);
    expect(mean(after(curve, 0.75).map((values) => values.cpuUsage))).toBeLessThan(5);
  });

  test('a job of this kind fails in the end', () => {
    const drafts = Array.from({ length: 2000 }, (_, index) => draftJob(1, 5_000_000 + index));
    const doomed = drafts.filter(({ behaviour }) => behaviour === 'failing' || behaviour === 'leaking');
    expect(doomed.length).toBeGreaterThan(100);
    expect(doomed.every(({ verdict }) => verdict === 'failed')).toBe(true);
    expect(Math.min(...drafts.map(({ runtimeMs }) => runtimeMs))).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(Math.max(...drafts.map(({ runtimeMs }) => runtimeMs))).toBeLessThan(40 * HOUR_MS);
  });
});
