import { describe, expect, test } from 'bun:test';
import { measureJob } from '../../src/demo/behaviour.ts';
import { NODES, PARTITIONS, USERS } from '../../src/demo/cluster.ts';
import { type Behaviour, draftJob, hasGpus } from '../../src/demo/draft.ts';
import {
  type DemoJob,
  type DemoRun,
  isRunningAt,
  memoryLimitMb,
  recogniseDraft,
  recogniseJob,
  reportLife,
  reportWait,
  runsOf,
} from '../../src/demo/life.ts';
import { createScheduler, planJobs } from '../../src/demo/schedule.ts';
import { blackHole } from '../../src/demo/trouble.ts';
import { hasEnded } from '../../src/domain/job.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NOON_MS = Date.UTC(2026, 0, 20, 12);

const planThreeDays = (seed: number) =>
  planJobs(createScheduler(seed, 1_000_000), [], { fromMs: NOON_MS - 3 * DAY_MS, toMs: NOON_MS });
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
    const gpuNodes = new Set([...NODES].filter(([, { gpuModel }]) => gpuModel).map(([name]) => name));
    for (const { startTimeMs } of PLAN) {
      const used = new Map<string, number>();
      for (const job of runningAt(startTimeMs)) {
        for (const node of job.nodes) used.set(node, (used.get(node) ?? 0) + job.quarters);
      }
      expect(Math.max(...used.values())).toBeLessThanOrEqual(4);
    }
    for (const job of PLAN) {
      expect(new Set(job.nodes).size).toBe(job.nodeCount);
      expect(job.nodes.every((node) => gpuNodes.has(node))).toBe(hasGpus(job.behaviour));
    }
  });

  test('keeps most of the cluster busy once it has filled', () => {
    for (let timeMs = NOON_MS - 2 * DAY_MS; timeMs <= NOON_MS; timeMs += HOUR_MS) {
      const used = runningAt(timeMs).reduce((sum, job) => sum + job.nodes.length * job.quarters, 0);
      expect(used / (NODES.size * 4)).toBeWithin(0.6, 1);
    }
  });

  test('is believable: most jobs complete, a few users do much, most jobs are small', () => {
    expect(PLAN.every((job) => hasEnded(job.verdict.state))).toBe(true);
    expect(share(PLAN, (job) => job.verdict.state === 'completed')).toBeWithin(0.65, 0.9);
    expect(share(PLAN, (job) => job.verdict.state === 'failed')).toBeWithin(0.08, 0.25);
    expect(share(PLAN, (job) => job.verdict.state === 'cancelled')).toBeWithin(0.02, 0.12);
    expect(share(PLAN, (job) => job.nodes.length === 1)).toBeWithin(0.6, 0.9);
    expect(Math.max(...PLAN.map((job) => job.nodes.length))).toBe(40);
    const jobsByUser = [...Map.groupBy(PLAN, (job) => job.user).values()].map((jobs) => jobs.length);
    expect(Math.max(...jobsByUser)).toBeGreaterThan((8 * PLAN.length) / USERS.length / 2);
    expect(jobsByUser.length).toBeGreaterThan(45);
  });
});

describe('what Slurm says of them', () => {
  const lives = PLAN.map((job) => ({ job, reports: reportLife(job, NOON_MS) }));

  test('they wait before they run, some for seconds and some for hours', () => {
    const waits = PLAN.map(({ submitTimeMs, startTimeMs }) => startTimeMs - submitTimeMs);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(waits.filter((waitMs) => waitMs <= 60_000).length).toBeGreaterThan(10);
    expect(waits.filter((waitMs) => waitMs > HOUR_MS).length).toBeGreaterThan(10);
    expect(new Set(PLAN.map((job) => reportWait(job).reason)).size).toBe(8);
  });

  test('all have a partition, an account, a name and a time limit, and end with a word of Slurm’s', () => {
    for (const { job, reports } of lives) {
      for (const one of [reportWait(job), ...reports]) {
        for (const text of [one.name, one.account, one.partition, one.qos, one.workDir])
          expect(text).toBeTruthy();
        expect(one.cpus).toBeGreaterThan(0);
        expect(one.timeLimitSeconds! * 1000).toBeGreaterThanOrEqual(job.runtimeMs);
        expect(one.gpus === undefined).toBe(!hasGpus(job.behaviour));
      }
      expect(job.nodes.every((name) => NODES.get(name)!.name === reports[0]!.partition)).toBe(true);
    }
    const words = new Set(lives.flatMap(({ reports }) => reports.map(({ rawState }) => rawState)));
    for (const word of [
      'RUNNING',
      'COMPLETED',
      'CANCELLED',
      'FAILED',
      'TIMEOUT',
      'OUT_OF_MEMORY',
      'PREEMPTED',
      'NODE_FAIL',
    ])
      expect(words).toContain(word);
    expect(new Set(PLAN.map(({ partition }) => partition.gpuModel))).toEqual(
      new Set(['h100', 'a100', undefined]),
    );
  });

  test('a requeued job has two runs that do not overlap, and uses nothing between them', () => {
    const requeued = lives.filter(({ job }) => job.requeue && job.endTimeMs <= NOON_MS);
    expect(requeued.length).toBeGreaterThan(3);
    for (const { job, reports } of requeued) {
      const [first, second] = runsOf(job) as [DemoRun, DemoRun];
      expect(first.endTimeMs).toBeGreaterThan(first.startTimeMs);
      expect(second.startTimeMs).toBeGreaterThan(first.endTimeMs);
      expect(second.endTimeMs).toBeGreaterThan(second.startTimeMs);
      expect(
        [first.endTimeMs - 1, first.endTimeMs, second.startTimeMs].map((timeMs) => isRunningAt(job, timeMs)),
      ).toEqual([true, false, true]);
      expect(reports.map(({ restarts, state }) => [restarts, state])).toEqual([
        [0, 'running'],
        [0, first.verdict.state],
        [1, 'running'],
        [1, 'completed'],
      ]);
      // Until the second run has started, the service still shows the first one as running.
      expect(reportLife(job, second.startTimeMs - 1).map(({ state }) => state)).toEqual(['running']);
    }
  });

  test('arrays have several tasks, of one user and name', () => {
    const arrays = [
      ...Map.groupBy(
        PLAN.filter(({ array }) => array),
        ({ array }) => array!.id,
      ).values(),
    ];
    expect(arrays.length).toBeGreaterThan(5);
    expect(Math.max(...arrays.map((tasks) => tasks.length))).toBeGreaterThan(4);
    for (const tasks of arrays) {
      expect(new Set(tasks.map(({ user, name }) => `${user} ${name}`)).size).toBe(1);
      expect(new Set(tasks.map(({ array }) => array!.task)).size).toBe(tasks.length);
    }
  });

  test('a large array of 200 tasks and a job of 40 nodes are among them', () => {
    const arrays = [...Map.groupBy(PLAN, ({ array }) => array?.id)].filter(([id]) => id !== undefined);
    expect(Math.max(...arrays.map(([, tasks]) => tasks.length))).toBe(200);
    const large = PLAN.filter(({ nodeCount }) => nodeCount === 40);
    expect(large.length).toBeGreaterThan(3);
    for (const { nodes } of large) expect(new Set(nodes).size).toBe(40);
  });

  test('a node without its file system fails what starts on it within seconds, and nothing else starts there', () => {
    const lost = PLAN.filter(({ nodes, startTimeMs }) => nodes[0] === blackHole(startTimeMs));
    expect(lost.length).toBeGreaterThan(20);
    for (const { verdict, startTimeMs, endTimeMs } of lost) {
      expect(verdict).toMatchObject({ state: 'failed', exitCode: 127 });
      expect(endTimeMs - startTimeMs).toBeWithin(2000, 20_000);
    }
    const hours = Array.from({ length: 48 }, (_, index) => NOON_MS - index * HOUR_MS);
    const seen = hours.filter((timeMs) =>
      lost.some(({ endTimeMs }) => endTimeMs > timeMs - HOUR_MS && endTimeMs <= timeMs),
    );
    expect(seen.length).toBeGreaterThan(15);
  });

  test('a job that runs again is recognised by its last run', () => {
    const { job } = lives.find(({ job }) => job.requeue)!;
    const last = runsOf(job).at(-1)!;
    const { id, user, nodes, submitTimeMs } = job;
    const usage = { cpuUsage: 0, memoryUsageMb: 0 };
    const { allocations } = reportLife(job, NOON_MS)[0]!;
    const details = { cluster: 'demo', submitTimeMs, restarts: 1, allocations: allocations! };
    expect(
      recogniseJob(1, {
        id,
        user,
        nodes,
        state: 'running',
        startTimeMs: last.startTimeMs,
        details,
        ...usage,
      }),
    ).toEqual(job);
    expect(recogniseDraft(1, { id, user, nodes: [], state: 'pending', details, ...usage })?.id).toBe(id);
  });
});

test('there are 80 nodes and 60 users, all different', () => {
  expect(NODES.size).toBe(80);
  expect(new Set(USERS).size).toBe(60);
  expect(USERS.length).toBe(60);
});

test('a stored job is recognised by its id and user, and nobody else’s is', () => {
  const { id, user, nodes, startTimeMs, submitTimeMs, endTimeMs } = PLAN[0]!;
  const { allocations } = reportLife(PLAN[0]!, NOON_MS)[0]!;
  const details = { cluster: 'demo', submitTimeMs, allocations: allocations! };
  const stored = {
    id,
    user,
    nodes,
    startTimeMs,
    state: 'running',
    cpuUsage: 0,
    memoryUsageMb: 0,
    details,
  } as const;
  expect(recogniseJob(1, stored)).toEqual(PLAN[0]);
  expect(recogniseJob(1, { ...stored, endTimeMs: endTimeMs - 5 })?.endTimeMs).toBe(endTimeMs - 5);
  expect(recogniseJob(1, { ...stored, user: 'visitor' })).toBeUndefined();
  expect(recogniseJob(1, { ...stored, nodes: ['laptop'] })).toBeUndefined();
  expect(recogniseJob(1, { ...stored, id: 'my-job' })).toBeUndefined();
  expect(recogniseJob(1, { ...stored, details: {} })).toBeUndefined();
});

describe('what jobs use', () => {
  const jobOf = (behaviour: Behaviour, id = 1_234_567): DemoJob => ({
    ...draftJob(1, id),
    behaviour,
    nodes: !hasGpus(behaviour) ? ['cpu001', 'cpu002'] : ['gpu001', 'gpu002'],
    partition: PARTITIONS[!hasGpus(behaviour) ? 2 : 0]!,
    quarters: 4,
    gpuPlaces: !hasGpus(behaviour) ? [] : [0, 1, 2, 3],
    submitTimeMs: NOON_MS,
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

  test.each<Behaviour>(['steady', 'bursty', 'leaking', 'tight', 'idleGpu', 'failing', 'cpuOnly', 'idleCpu'])(
    '%s: every value is one that the store takes',
    (behaviour) => {
      const curves = Array.from({ length: 20 }, (_, index) => curveOf(behaviour, 1_234_567 + index));
      for (const { cpuUsage, memoryUsageMb, gpuUsage } of curves.flat()) {
        for (const percent of [cpuUsage, ...(gpuUsage === undefined ? [] : [gpuUsage])]) {
          expect(percent).toBeWithin(0, 100.01);
          expect(percent).toBe(Number(percent.toFixed(2)));
        }
        expect(Number.isInteger(memoryUsageMb)).toBe(true);
        expect(memoryUsageMb).toBeWithin(1, memoryLimitMb(jobOf(behaviour)) + 1);
        expect(gpuUsage === undefined).toBe(!hasGpus(behaviour));
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
    const limitMb = memoryLimitMb(jobOf('leaking'));
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
    expect(doomed.every(({ verdict }) => verdict.state === 'failed')).toBe(true);
    expect(Math.min(...drafts.map(({ runtimeMs }) => runtimeMs))).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(Math.max(...drafts.map(({ runtimeMs }) => runtimeMs))).toBeLessThan(40 * HOUR_MS);
  });
});
