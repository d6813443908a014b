import { afterAll, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { NODES } from '../../src/demo/cluster.ts';
import { type Demo, startDemo } from '../../src/demo/feed.ts';
import { DRAINED_NODE, isHeard, silentNode } from '../../src/demo/trouble.ts';
import { hasEnded, type Job } from '../../src/domain/job.ts';
import { isSilent } from '../../src/domain/node-report.ts';
import { codesOf } from '../../src/domain/reading-fields.ts';
import type { Store } from '../../src/domain/store/store.ts';
import { fixedClock, NOON_MS } from '../help/clock.ts';
import { temporaryFolder } from '../help/folder.ts';
import { listReadings } from '../help/readings.ts';
import { openStore } from '../help/store.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const PAST_MS = 4 * HOUR_MS;

/**
 * A real store, a clock that is moved by hand, and demonstrations that are stopped in the end. `database` is
 * what the store has already.
 */
async function startScene(database?: Uint8Array) {
  const folder = temporaryFolder();
  const path = folder.file('demo.db');
  const clock = fixedClock();
  if (database) writeFileSync(path, database);
  const store = await openStore(path);
  const warnings: string[] = [];
  const demos: Demo[] = [];
  return {
    path,
    store,
    clock,
    warnings,
    start({
      liveStepMs = 5,
      pastMs = PAST_MS,
      showProgress = () => {},
    }: Partial<Parameters<typeof startDemo>[0]> = {}): Demo {
      const demo = startDemo({
        store,
        now: clock.now,
        log: { warn: (_, { cause }) => void warnings.push(String(cause)) },
        showProgress,
        pastMs,
        liveStepMs,
      });
      demos.push(demo);
      return demo;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(demos.map((demo) => demo.stop()));
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}

let filled: Promise<Uint8Array> | undefined;

/** A scene whose store has the past that a demonstration makes up; one is made, and each scene has a copy. */
async function startFilled() {
  filled ??= fillOnce();
  return startScene(await filled);
}

async function fillOnce(): Promise<Uint8Array> {
  await using scene = await startScene();
  const demo = scene.start({ liveStepMs: HOUR_MS });
  await demo.filled;
  await demo.stop();
  // Its log is empty then, and all is in the file.
  await scene.store.close();
  return await Bun.file(scene.path).bytes();
}

let long: ReturnType<typeof startLong> | undefined;

/** One scene for several tests, which has a long past, or will have it soon. */
async function startLong() {
  const scene = await startScene();
  await scene.start({ liveStepMs: HOUR_MS, pastMs: 36 * HOUR_MS }).filled;
  return scene;
}

afterAll(async () => {
  await (await long)?.[Symbol.asyncDispose]();
});

/** Whether the agents of all nodes of a job were heard up to a time. */
function isHeardThroughout({ nodes, startTimeMs, endTimeMs }: StartedJob, nowMs: number): boolean {
  for (let timeMs = startTimeMs; timeMs <= (endTimeMs ?? nowMs); timeMs += MINUTE_MS)
    if (!nodes.every((node) => isHeard(node, timeMs))) return false;
  return true;
}

/** Those of a job that has started. */
type StartedJob = Job & { readonly startTimeMs: number };

async function listAll(store: Store, state?: Job['state']): Promise<StartedJob[]> {
  return (await store.listJobs(state ? { state } : {}, { limit: 10_000, offset: 0 })).jobs as StartedJob[];
}

async function sampleTimes(store: Store, id: string): Promise<number[]> {
  return (await listReadings(store, id, {}, 100_000)).samples.map((sample) => sample.timeMs);
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await Bun.sleep(2);
}

test('a new cluster gets a past: ended jobs with samples every minute, and running ones that report now', async () => {
  await using scene = await startScene();
  await scene.start({ liveStepMs: HOUR_MS }).filled;
  const jobs = await listAll(scene.store);
  const ended = jobs.filter((job) => hasEnded(job.state));
  expect(ended.length).toBeGreaterThan(10);
  // Samples of a requeued job belong to two runs.
  const whole = ended.filter((job) => !job.details?.restarts && isHeardThroughout(job, NOON_MS));
  expect(whole.length).toBeGreaterThan(10);
  for (const job of whole) {
    expect(job.endTimeMs).toBeWithin(job.startTimeMs, NOON_MS + 1);
    const times = await sampleTimes(scene.store, job.id);
    const minutes = Math.floor(job.endTimeMs! / MINUTE_MS) - Math.floor(job.startTimeMs / MINUTE_MS);
    expect(times.length).toBeWithin((minutes - 1) * job.nodes.length, (minutes + 1) * job.nodes.length + 1);
    expect(times.every((timeMs) => timeMs >= job.startTimeMs && timeMs <= job.endTimeMs!)).toBe(true);
  }
  const running = jobs.filter((job) => job.state === 'running');
  expect(running.length).toBeGreaterThan(20);
  for (const job of running.filter(({ nodes }) => nodes.every((node) => isHeard(node, NOON_MS)))) {
    const times = await sampleTimes(scene.store, job.id);
    expect(times.at(-1)).toBe(NOON_MS);
    expect(job.memoryUsageMb).toBeGreaterThan(0);
  }
  expect(jobs.some((job) => job.gpuUsage === undefined)).toBe(true);
  expect(jobs.some((job) => (job.gpuUsage ?? 0) > 50)).toBe(true);
  expect(scene.warnings).toEqual([]);
});

test('it looks like Slurm: partitions, queue waits, jobs that wait with a reason, arrays, requeues, raw states', async () => {
  long ??= startLong();
  const scene = await long;
  const { store } = scene;
  const { live, finished, waits } = await store.countThroughput();
  for (const partition of ['h100', 'a100', 'cpu']) {
    const countOf = (rows: typeof live, state: string) =>
      rows.find((row) => row.partition === partition && row.state === state)?.count ?? 0;
    expect(countOf(live, 'running'), partition).toBeGreaterThan(0);
    expect(countOf(live, 'pending'), partition).toBeGreaterThan(0);
    expect(countOf(finished, 'completed'), partition).toBeGreaterThan(0);
  }
  expect([...waits.runs.values()].filter((runs) => runs > 0).length).toBeGreaterThan(2);
  const jobs = (await store.listJobs({}, { limit: 10_000, offset: 0 })).jobs;
  const waiting = jobs.filter((job) => job.state === 'pending');
  expect(waiting.length).toBeWithin(9, 60);
  for (const { nodes, startTimeMs, details } of waiting) {
    expect([nodes, startTimeMs, details?.rawState]).toEqual([[], undefined, 'PENDING']);
    expect(details?.reason).toBeTruthy();
    expect(details?.submitTimeMs).toBeLessThanOrEqual(NOON_MS);
  }
  expect(jobs.some(({ details }) => details?.arrayTaskId !== undefined)).toBe(true);
  for (const word of ['TIMEOUT', 'OUT_OF_MEMORY', 'CANCELLED', 'COMPLETED'])
    expect(jobs.map(({ details }) => details?.rawState)).toContain(word);
  for (const job of jobs.filter(({ state }) => hasEnded(state))) expect(job.isEndConfirmed).not.toBe(false);

  const requeued = jobs.find(({ details, state }) => details?.restarts === 1 && hasEnded(state))!;
  const runs = await Array.fromAsync(store.streamRuns(requeued.id));
  expect(runs).toHaveLength(2);
  expect(['NODE_FAIL', 'PREEMPTED']).toContain(runs[1]!.job.details!.rawState!);
  expect(runs.every(({ summary }) => summary.whole.samples > 0)).toBe(true);
  expect(scene.warnings).toEqual([]);
}, 60_000);

test('jobs that waited when it was stopped still wait, start later, and none is submitted twice', async () => {
  await using scene = await startFilled();
  const idsOf = async (state: Job['state']) =>
    (await scene.store.listJobs({ state }, { limit: 10_000, offset: 0 })).jobs.map(({ id }) => id);
  const before = await idsOf('pending');
  expect(before.length).toBeGreaterThan(5);
  scene.clock.advance(2 * HOUR_MS);
  await scene.start({ liveStepMs: HOUR_MS }).filled;
  const after = await idsOf('pending');
  const started = before.filter((id) => !after.includes(id));
  expect(started.length).toBeGreaterThan(0);
  for (const id of started) {
    const { startTimeMs, details } = await scene.store.getJob(id);
    expect(startTimeMs).toBeGreaterThan(NOON_MS - MINUTE_MS);
    expect(details!.submitTimeMs).toBeLessThanOrEqual(NOON_MS);
    expect(await Array.fromAsync(scene.store.streamRuns(id))).toHaveLength(details!.restarts ? 2 : 1);
  }
  expect(scene.warnings).toEqual([]);
});

test('live, running jobs report on every node at every step, end when it is time, and others take their place', async () => {
  await using scene = await startFilled();
  const demo = scene.start();
  await demo.filled;
  const before = await listAll(scene.store, 'running');
  const witness = before.find(({ nodes }) => nodes.every((node) => isHeard(node, NOON_MS + 5000)))!;
  scene.clock.advance(5000);
  await until(async () => (await sampleTimes(scene.store, witness.id)).includes(NOON_MS + 5000));

  // In steps, as a clock goes: half a day later most that ran has ended.
  for (let hour = 1; hour <= 12; hour++) {
    scene.clock.set(NOON_MS + hour * HOUR_MS);
    const { runs } = demo.state();
    // The second run after it has begun with the new time.
    await until(async () => demo.state().runs > runs + 2);
  }
  const after = new Map((await listAll(scene.store)).map((job) => [job.id, job]));
  const gone = before.filter((job) => after.get(job.id)!.state !== 'running');
  expect(gone.length).toBeGreaterThan(before.length / 2);
  for (const { id } of gone) {
    expect(after.get(id)!.endTimeMs).toBeWithin(NOON_MS, NOON_MS + 12 * HOUR_MS + 1);
  }
  await until(async () => (await listAll(scene.store, 'running')).length > 10);
  expect(scene.warnings).toEqual([]);
});

test('a second start makes nothing up again: it goes on with what runs', async () => {
  await using scene = await startFilled();
  const before = await listAll(scene.store);
  const witness = before.find(
    (job) => job.state === 'running' && job.nodes.every((node) => isHeard(node, NOON_MS + 20_000)),
  )!;
  const timesBefore = await sampleTimes(scene.store, witness.id);

  scene.clock.advance(20_000);
  await scene.start({ liveStepMs: HOUR_MS }).filled;
  const after = await listAll(scene.store);
  expect(after.length).toBeWithin(before.length, before.length + 3);
  expect(after.filter((job) => job.startTimeMs < NOON_MS).map((job) => job.id)).toEqual(
    before.filter((job) => job.startTimeMs < NOON_MS).map((job) => job.id),
  );
  const newSamples = (await sampleTimes(scene.store, witness.id)).slice(timesBefore.length);
  expect(newSamples).toEqual(witness.nodes.map(() => NOON_MS + 20_000));
  expect(scene.warnings).toEqual([]);
});

test('a database that was left for hours is brought up to now, without a gap and without a job that outlived its end', async () => {
  await using scene = await startFilled();
  const before = await listAll(scene.store, 'running');

  scene.clock.advance(3 * HOUR_MS);
  await scene.start({ liveStepMs: HOUR_MS }).filled;
  const after = await listAll(scene.store);
  const gone = after.filter((job) => job.state !== 'running' && before.some(({ id }) => id === job.id));
  expect(gone.length).toBeGreaterThan(3);
  for (const job of gone) expect(job.endTimeMs).toBeWithin(NOON_MS, NOON_MS + 3 * HOUR_MS);
  expect(after.filter((job) => job.startTimeMs > NOON_MS && job.state !== 'running').length).toBeGreaterThan(
    3,
  );
  const survivor = after.find(
    (job) =>
      job.state === 'running' &&
      job.nodes.length === 1 &&
      before.some(({ id }) => id === job.id) &&
      isHeardThroughout(job, NOON_MS + 3 * HOUR_MS),
  )!;
  const times = await sampleTimes(scene.store, survivor.id);
  const steps = times.slice(1).map((timeMs, index) => timeMs - times[index]!);
  expect(Math.max(...steps)).toBe(MINUTE_MS);
  expect(scene.warnings).toEqual([]);
});

test('a filling that was stopped half-way is taken up where it was', async () => {
  await using scene = await startScene();
  const first = scene.start();
  await until(async () => (await scene.store.countJobs()).created > 0);
  await first.stop();
  const before = await listAll(scene.store);
  expect(Math.max(...before.map((job) => job.startTimeMs))).toBeLessThan(NOON_MS - HOUR_MS);

  await scene.start({ liveStepMs: HOUR_MS }).filled;
  const after = await listAll(scene.store);
  expect(after.length).toBeGreaterThan(before.length);
  for (const job of after.filter((one) => one.nodes.length === 1 && isHeardThroughout(one, NOON_MS))) {
    const times = [...(await sampleTimes(scene.store, job.id)), job.endTimeMs ?? NOON_MS];
    const steps = times.slice(1).map((timeMs, index) => timeMs - times[index]!);
    expect(Math.max(...steps)).toBeLessThanOrEqual(MINUTE_MS);
    expect(new Set(times.slice(0, -1)).size).toBeGreaterThanOrEqual(times.length - 2);
  }
});

test('a refusal of the store is logged, and the feed goes on', async () => {
  await using scene = await startFilled();
  await scene.start().filled;
  const ids = (await listAll(scene.store)).map((job) => Number(job.id));
  // Somebody takes the ids that come next.
  const [first, last] = [Math.min(...ids), Math.max(...ids) + 20];
  const free = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
    (id) => !ids.includes(id),
  );
  await Promise.all(
    free.map((id) => scene.store.createJob({ id: String(id), user: 'visitor', nodes: ['laptop'] }, NOON_MS)),
  );
  scene.clock.advance(12 * HOUR_MS);
  await until(async () => scene.warnings.some((warning) => warning.includes('already exists')));
  const witness = (await listAll(scene.store, 'running')).find((job) => job.user !== 'visitor')!;
  const reported = (await sampleTimes(scene.store, witness.id)).length;
  await until(async () => (await sampleTimes(scene.store, witness.id)).length > reported);
  const visitors = (await listAll(scene.store)).filter((job) => job.user === 'visitor');
  for (const { id } of visitors) expect(await sampleTimes(scene.store, id)).toEqual([]);
});

test('stopping ends the feed', async () => {
  await using scene = await startFilled();
  const demo = scene.start();
  await demo.filled;
  await demo.stop();
  const witness = (await listAll(scene.store, 'running'))[0]!;
  const reported = (await sampleTimes(scene.store, witness.id)).length;
  await Bun.sleep(50);
  expect((await sampleTimes(scene.store, witness.id)).length).toBe(reported);
});

test('the filling of a long past tells how far it is, to its end; a short one says nothing', async () => {
  await using scene = await startScene();
  const shown: number[] = [];
  const showProgress = (done: number) => void shown.push(done);
  const demo = scene.start({ liveStepMs: HOUR_MS, showProgress });
  await demo.filled;
  await demo.stop();
  expect(shown.at(-1)).toBe(1);
  expect(shown.length).toBeGreaterThan(4);
  expect(shown).toEqual([...shown].sort((a, b) => a - b));
  shown.length = 0;
  scene.clock.advance(MINUTE_MS);
  await scene.start({ liveStepMs: HOUR_MS, showProgress }).filled;
  expect(shown).toEqual([]);
});

test('every node reports itself with its GPUs, but for the one whose agent is silent', async () => {
  await using scene = await startFilled();
  const demo = scene.start({ liveStepMs: HOUR_MS });
  await demo.filled;
  const drained = [...demo.nodes()!.nodes.values()].filter(({ condition }) => condition === 'drained');
  expect(drained.map(({ node, state }) => [node, state])).toEqual([[DRAINED_NODE, 'idle+drain']]);
  const reports = (await Array.fromAsync(scene.store.nodeReports())).flat();
  expect(reports.map(({ report }) => report.node).sort()).toEqual([...NODES.keys()].sort());
  const silent = reports.filter((report) => isSilent(report, NOON_MS));
  expect(silent.map(({ report }) => report.node)).toEqual([silentNode(NOON_MS).node]);
  const running = new Map((await listAll(scene.store, 'running')).map((job) => [job.id, job]));
  const held = [...running.values()].flatMap(({ details }) =>
    (details!.allocations ?? []).flatMap(({ gpuIds = [] }) => gpuIds),
  );
  expect(new Set(held).size).toBe(held.length);
  for (const { report } of reports.filter((one) => !silent.includes(one))) {
    const { gpu, cores } = NODES.get(report.node)!;
    expect([report.values.cpus, report.gpus.length]).toEqual([cores, gpu ? 4 : 0]);
    const jobs = [...running.values()].filter(({ nodes }) => nodes.includes(report.node));
    expect(report.jobs).toBe(jobs.length);
    expect(report.values.jobCpusUsed! > 0).toBe(jobs.length > 0);
  }
});

test('jobs have further measures, by GPU too, and counters that grow from sample to sample', async () => {
  await using scene = await startFilled();
  await scene.start({ liveStepMs: HOUR_MS }).filled;
  const job = (await listAll(scene.store, 'running')).find(
    (one) =>
      one.gpuUsage !== undefined &&
      one.nodes.length === 1 &&
      one.startTimeMs < NOON_MS - HOUR_MS &&
      one.startTimeMs > NOON_MS - PAST_MS &&
      isHeardThroughout(one, NOON_MS),
  )!;
  const codes = codesOf(['cpu_seconds', 'gpu_energy_joules', 'io_read_bytes', 'memory_peak_bytes']);
  const { samples } = await scene.store.listSamples(job.id, { codes }, 1000);
  expect(samples.times.length).toBeGreaterThan(3);
  for (const column of samples.further!) {
    const values = [...column.values];
    expect(values.at(-1)).toBeGreaterThan(0);
    expect(values).toEqual(values.toSorted((one, other) => one - other));
  }
  const { nodes } = await scene.store.summarizeJob(job.id);
  expect(nodes[0]!.gpus!.map(({ gpu }) => gpu).sort()).toEqual(
    [...job.details!.allocations![0]!.gpuIds!].sort(),
  );
});

test('long ago is made up once the present is there: jobs that ended a day ago have some samples', async () => {
  long ??= startLong();
  const scene = await long;
  const dayAgo = NOON_MS - 24 * HOUR_MS;
  const endedLongAgo = async () =>
    (await listAll(scene.store)).filter(({ endTimeMs }) => endTimeMs !== undefined && endTimeMs < dayAgo);
  await until(async () =>
    (await endedLongAgo()).some(({ startTimeMs }) => startTimeMs < dayAgo - 8 * HOUR_MS),
  );
  const jobs = await endedLongAgo();
  expect(jobs.length).toBeGreaterThan(100);
  for (const { id, nodes, endTimeMs, startTimeMs } of jobs.slice(0, 20)) {
    const times = await sampleTimes(scene.store, id);
    expect(times.length).toBeWithin(1, 12 * nodes.length + 1);
    expect(times.every((timeMs) => timeMs >= startTimeMs && timeMs <= endTimeMs!)).toBe(true);
  }
  expect(scene.warnings).toEqual([]);
}, 60_000);

test('the history has a row every five minutes of the past', async () => {
  await using scene = await startFilled();
  await scene.start({ liveStepMs: HOUR_MS }).filled;
  const rows = (await Array.fromAsync(scene.store.readHistory(0, NOON_MS))).flat();
  expect(rows).toHaveLength((PAST_MS / HOUR_MS) * 12);
  expect(rows.map(({ timeMs }, index) => timeMs - index * 5 * MINUTE_MS - rows[0]!.timeMs)).toEqual(
    rows.map(() => 0),
  );
  for (const row of rows) {
    expect(row.cpusUsed!).toBeLessThanOrEqual(row.cpusAllocated!);
    expect(row.cpusAllocated!).toBeLessThanOrEqual(row.cpusTotal!);
  }
  const failed = await scene.store.listJobs({ state: 'failed' }, { limit: 1 });
  expect(rows.reduce((sum, row) => sum + row.failed!, 0)).toBeWithin(failed.total - 3, failed.total + 1);
});
