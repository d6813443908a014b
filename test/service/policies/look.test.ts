import { expect, test } from 'bun:test';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { fixedClock, NOON_MS } from '../../help/clock.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { policyKeeper } from '../../help/policies.ts';
import { openStore } from '../../help/store.ts';

const HOUR_MS = 60 * MINUTE_MS;
const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;

const POLICY = `
[policy.unused]
says = "Ask for no GPU."
looks_at = "ended"
job.gpu_max_percent = "<= 0"
tell = ["user"]
by = ["page"]
`;

/** A run of an hour that a failing node ended, or one that goes on. */
const run = (id: string, startMinute: number, isOver: boolean) => ({
  ...({ source: 'sacct', observedMs: at(600), id, user: 'alice', nodes: ['n1'], gpus: 2 } as const),
  startTimeMs: at(startMinute),
  ...(isOver
    ? ({ state: 'failed', endTimeMs: at(startMinute + 60), rawState: 'NODE_FAIL' } as const)
    : ({ state: 'running' } as const)),
});

const samples = (jobId: string, startMinute: number, gpuUsage: number) =>
  Array.from({ length: 60 }, (_, minute) => ({
    ...{ jobId, timeMs: at(startMinute + minute), cpuUsage: 50, memoryUsageMb: 10, gpuUsage },
    stamped: false,
  }));

test('each run of a requeued job is looked at by itself, once, with its own measurements', async () => {
  using folder = temporaryFolder();
  const store = await openStore(folder.file('runs.db'));
  const clock = fixedClock(at(150));
  // The first run of one wasted GPUs and its second goes on; of the other the second did.
  await store.applyReports([run('wasted', 0, true), run('late', -100, true)]);
  await store.recordSamples([...samples('wasted', 0, 0), ...samples('late', -100, 80)]);
  await store.applyReports([run('wasted', 70, false), run('late', 20, true)]);
  await store.recordSamples([...samples('wasted', 70, 90), ...samples('late', 20, 0)]);
  let keeper = policyKeeper({ store, text: POLICY, now: clock.now });
  const told = async () =>
    (await store.listNotices({ limit: 10 })).map(({ parts: [part] }) =>
      part!.jobs.map(({ id, text }) => `${id}: ${text}`),
    );
  await keeper.tick();
  expect(await told()).toEqual([['late: GPU at most 0 %.', 'wasted: Its run 1: GPU at most 0 %.']]);
  // Nothing is told twice, by another process either, when all windows are over.
  for (const hours of [2, 24, 7 * 24, 7 * 24 + 2]) {
    clock.set(at(150) + hours * HOUR_MS);
    keeper = policyKeeper({ store, text: POLICY, now: clock.now });
    await keeper.tick();
  }
  expect(await told()).toHaveLength(1);
  // A run that ends later is another one.
  const laterMs = clock.now();
  await store.createJobs([
    pastJob('new', {
      state: 'failed',
      startTimeMs: laterMs - 2 * HOUR_MS,
      endTimeMs: laterMs - HOUR_MS,
      details: { gpus: 1 },
    }),
  ]);
  await store.recordSamples(samples('new', (laterMs - 2 * HOUR_MS - NOON_MS) / MINUTE_MS, 0));
  clock.advance(HOUR_MS);
  await keeper.tick();
  expect((await told())[0]).toEqual(['new: GPU at most 0 %.']);
  await store.close();
});

const PAUSED = `
[policy.paused]
says = "End it."
looks_at = "running"
findings = ["gpu-paused"]
tell = ["user"]
by = ["page"]
`;

test('a policy about a finding reaches running jobs once they are judged to have it', async () => {
  using folder = temporaryFolder();
  const store = await openStore(folder.file('runs.db'));
  const clock = fixedClock(at(60));
  await store.createJobs(['busy', 'paused'].map((id) => pastJob(id, { details: { gpus: 2 } })));
  await store.recordSamples([
    ...samples('busy', 0, 80),
    ...samples('paused', 0, 0).map((one, minute) => (minute < 30 ? { ...one, gpuUsage: 80 } : one)),
  ]);
  const keeper = policyKeeper({ store, text: PAUSED, now: clock.now });
  const told = async () =>
    (await store.listNotices({ limit: 10 })).flatMap(({ parts: [part] }) => part!.jobs.map(({ id }) => id));
  await keeper.tick();
  expect(await told()).toEqual([]);
  await store.judgeRunning(clock.now(), 100);
  await keeper.tick();
  expect(await told()).toEqual(['paused']);
  await store.close();
});
