import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import { judgeRun } from '../../../src/domain/finding/judge.ts';
import { DEFAULT_THRESHOLDS } from '../../../src/domain/finding/thresholds.ts';
import { hasEnded, JOB_STATES } from '../../../src/domain/job.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { JobRun } from '../../../src/domain/store/runs.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { TALLY_GROUPS, type TallyGroup, type TallyQuery } from '../../../src/domain/store/tallies.ts';
import { contributionOf } from '../../../src/domain/tally/contribution.ts';
import { contributionOn } from '../../../src/domain/tally/on-node.ts';
import { hourOf } from '../../../src/domain/tally/spans.ts';
import {
  addTallies,
  HELD_FIELDS,
  type HeldTally,
  NO_TALLY,
  TALLY_FIELDS,
  type Tally,
} from '../../../src/domain/tally/tally.ts';
import { codeOf, MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LATER_MS = NOON_MS + 10 * DAY_MS;
/** Whole days around all times of these tests. */
const RANGE = { from: hourOf(NOON_MS - 12 * HOUR_MS), to: hourOf(NOON_MS + 12 * HOUR_MS + 19 * DAY_MS) };

/** Takes all steps until every run is tallied and every sample sealed. */
async function settle(store: Store, nowMs = LATER_MS): Promise<void> {
  for (let steps = 0; await store.expire({}, nowMs); steps++) expect(steps).toBeLessThan(400);
}

const withoutZeros = (tally: Tally) =>
  Object.fromEntries(TALLY_FIELDS.map((field) => [field, tally[field]]).filter(([, value]) => value !== 0));

/** Nodes have no other figures. */
const heldOf = (tally: HeldTally) => Object.fromEntries(HELD_FIELDS.map((field) => [field, tally[field]]));

/** Returns the sums by name, without what is 0. */
async function sum(store: Pick<Store, 'sumTallies'>, groupBy: TallyGroup, query: Partial<TallyQuery> = {}) {
  const rows = await store.sumTallies({ groupBy, ...RANGE, ...query });
  return Object.fromEntries(rows.map(({ name = '', tally }) => [name, withoutZeros(tally)]));
}

/** Returns the sums by node, without what is 0. */
async function sumNodes(store: Pick<Store, 'sumNodeTallies'>, range = RANGE) {
  const rows = await store.sumNodeTallies(range);
  return Object.fromEntries(
    rows.map(({ name = '', tally }) => [name, withoutZeros({ ...NO_TALLY, ...heldOf(tally) })]),
  );
}

/** Returns how many runs had each kind of finding. */
async function countFindings(store: Pick<Store, 'sumFindings'>, query: Partial<TallyQuery> = {}) {
  const counts = await store.sumFindings({ ...RANGE, ...query });
  return Object.fromEntries(counts.map(({ kind, severity, runs }) => [`${kind} ${severity}`, runs]));
}

const ended = (id: string, fields: Partial<Report>): Report => ({
  ...{ source: 'sacct', observedMs: NOON_MS + HOUR_MS, id, user: 'alice', state: 'completed' },
  ...{ submitTimeMs: NOON_MS - MINUTE_MS, startTimeMs: NOON_MS, endTimeMs: NOON_MS + HOUR_MS, nodes: ['n1'] },
  ...fields,
});

const GPU_JOB = { account: 'physics', partition: 'gpu', cpus: 8, gpus: 2, memoryLimitMb: 1024 };

export function tallies(makePlace: MakePlace) {
  test('what ended jobs held is summed by user, account, partition and day', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([
      ended('1', GPU_JOB),
      ended('2', { account: 'physics', partition: 'cpu', state: 'failed', rawState: 'TIMEOUT', cpus: 1 }),
      ended('3', { user: 'bob', state: 'cancelled', endTimeMs: NOON_MS + DAY_MS }),
    ]);
    await store.createJobs([pastJob('4')]);
    await settle(store);
    const [first, second] = [
      { completed: 1, cpuSeconds: 8 * 3600, gpuSeconds: 7200, memoryMbSeconds: 1024 * 3600 },
      { failed: 1, timedOut: 1, cpuSeconds: 3600 },
    ].map((held) => ({ ...held, runtimeSeconds: 3600, waitSeconds: 60, waits: 1 }));
    const both = {
      ...{ completed: 1, failed: 1, timedOut: 1, runtimeSeconds: 7200, waitSeconds: 120, waits: 2 },
      ...{ cpuSeconds: 9 * 3600, gpuSeconds: 7200, memoryMbSeconds: 1024 * 3600 },
    };
    const third = { cancelled: 1, runtimeSeconds: 24 * 3600, waitSeconds: 60, waits: 1 };
    expect(await sum(store, 'user')).toEqual({ alice: both, bob: third });
    expect(await sum(store, 'account')).toEqual({ physics: both, '': third });
    expect(await sum(store, 'partition')).toEqual({ gpu: first!, cpu: second!, '': third });
    expect(await sum(store, 'day')).toEqual({ '2026-01-20': both, '2026-01-21': third });
    expect(await sum(store, 'user', { partition: 'cpu' })).toEqual({ alice: second! });
    expect(await sum(store, 'partition', { user: 'alice', account: 'physics' })).toEqual({
      gpu: first!,
      cpu: second!,
    });
    expect(await sum(store, 'day', { account: 'physics', partition: 'gpu' })).toEqual({
      '2026-01-20': first!,
    });
    expect(await sum(store, 'user', { account: 'unknown' })).toEqual({});
    expect(await sum(store, 'user', { to: hourOf(NOON_MS + 12 * HOUR_MS) })).toEqual({ alice: both });
  });

  test('tallies are behind after many jobs were created, until these are tallied', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs(Array.from({ length: 1000 }, (_, index) => pastJob(`${index}`)));
    expect(await store.areTalliesBehind()).toBe(false);
    await store.createJobs([pastJob('last')]);
    expect(await store.areTalliesBehind()).toBe(true);
    await settle(store);
    expect(await store.areTalliesBehind()).toBe(false);
  });

  test('used is what was measured of what was held, once samples are sealed', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const nodes = ['n1', 'n2'];
    await store.createJobs([
      pastJob('1', {
        ...{ nodes, state: 'completed', endTimeMs: NOON_MS + HOUR_MS },
        details: { cpus: 4, gpus: 2, memoryLimitMb: 4000, energyJoules: 500 },
      }),
    ]);
    for (const atMs of [0, HOUR_MS / 2])
      await store.recordSample('1', sample(atMs, { stamped: false, node: 'n1', gpuUsage: 25 }));
    await settle(store);
    expect(await sum(store, 'user')).toEqual({
      alice: {
        ...{ completed: 1, runtimeSeconds: 3600, energyJoules: 500, energies: 1 },
        // One of two nodes, half of the time.
        ...{ cpuSeconds: 14_400, cpuMeasuredSeconds: 3600, cpuUsedSeconds: 1800 },
        ...{ gpuSeconds: 7200, gpuMeasuredSeconds: 1800, gpuUsedSeconds: 450 },
        // 1,000 of the 2,000 MB that are its part.
        ...{
          memoryMbSeconds: 14_400_000,
          memoryMeasuredMbSeconds: 3_600_000,
          memoryUsedMbSeconds: 1_800_000,
        },
      },
    });
  });

  test('nodes have what a run held and used on each, as its Prologs said or in equal parts', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const end = { state: 'completed', endTimeMs: NOON_MS + HOUR_MS } as const;
    const nodes = ['n1', 'n2'];
    const allocations = [
      { node: 'n1', cpus: 3 },
      { node: 'n2', cpus: 1 },
    ];
    await store.createJobs([
      pastJob('1', { ...end, nodes, details: { cpus: 4, gpus: 2, energyJoules: 500 } }),
      pastJob('2', { ...end, nodes, details: { cpus: 4, allocations } }),
      pastJob('3', { ...end, nodes: ['n3'], state: 'failed', details: { cpus: 2, energyJoules: 70 } }),
      pastJob('huge', { ...end, nodes: Array.from({ length: 1001 }, (_, index) => `n${index}`) }),
    ]);
    for (const atMs of [0, HOUR_MS / 2])
      await store.recordSample('1', sample(atMs, { stamped: false, node: 'n1', gpuUsage: 25 }));
    await settle(store);
    const runs = { completed: 2 };
    const sums = {
      n1: {
        ...{ ...runs, cpuSeconds: 5 * 3600, cpuMeasuredSeconds: 3600, cpuUsedSeconds: 1800 },
        ...{ gpuSeconds: 3600, gpuMeasuredSeconds: 1800, gpuUsedSeconds: 450 },
      },
      n2: { ...runs, cpuSeconds: 3 * 3600, gpuSeconds: 3600 },
      n3: { failed: 1, cpuSeconds: 7200, energyJoules: 70, energies: 1 },
    };
    expect(await sumNodes(store)).toEqual(sums);
    // Ranges of which the first days are taken away from a longer span.
    const endHour = Math.floor((NOON_MS + HOUR_MS) / HOUR_MS);
    const [day, block] = [endHour - (endHour % 24), endHour - (endHour % (64 * 24))];
    for (const from of [block + 24, day, day + 24])
      expect(await sumNodes(store, { from, to: block + 4 * 64 * 24 })).toEqual(from > day ? {} : sums);
    expect(await sumNodes(store, { ...RANGE, from: RANGE.from + 24 })).toEqual({});
    await store.updateJob('1', { details: { allocations } }, LATER_MS);
    await store.deleteJob('3');
    await settle(store);
    expect(await sumNodes(store)).toMatchObject({
      n1: { cpuSeconds: 6 * 3600, cpuMeasuredSeconds: 5400, cpuUsedSeconds: 2700 },
      n2: { cpuSeconds: 2 * 3600 },
      n3: sums.n3,
    });
    const alice = store.seenBy({ user: 'alice', accounts: ['physics'] });
    expect(await codeOf(alice.sumNodeTallies(RANGE))).toBe('forbidden');
  });

  test('runs are counted by what rules found of them, for those who may see them', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const failed = { state: 'failed', rawState: 'TIMEOUT' } as const;
    await store.applyReports([
      ended('1', { ...GPU_JOB, ...failed }),
      ended('2', { ...GPU_JOB, ...failed, user: 'bob', partition: 'cpu' }),
      ended('3', { ...failed, user: 'bob', account: 'chemistry', endTimeMs: NOON_MS + DAY_MS }),
      ended('4', GPU_JOB),
    ]);
    await settle(store);
    const key = 'ended-by-time-limit harm';
    expect(await countFindings(store)).toEqual({ [key]: 3 });
    expect(await countFindings(store, { user: 'bob' })).toEqual({ [key]: 2 });
    expect(await countFindings(store, { account: 'physics', partition: 'gpu' })).toEqual({ [key]: 1 });
    expect(await countFindings(store, { from: hourOf(NOON_MS + 12 * HOUR_MS) })).toEqual({ [key]: 1 });
    expect(await countFindings(store.seenBy({ user: 'alice', accounts: [] }))).toEqual({ [key]: 1 });
    expect(await countFindings(store.seenBy({ user: 'eve', accounts: ['physics'] }))).toEqual({ [key]: 2 });
    const stored = { kind: 'ended-by-time-limit', severity: 'harm' } as const;
    expect(await store.countFindings()).toEqual([{ ...stored, runs: 3 }]);
    await store.updateJob('1', { state: 'completed' }, LATER_MS);
    await store.updateJob('2', { details: { account: 'chemistry' } }, LATER_MS);
    await store.deleteJob('3');
    await settle(store);
    expect(await countFindings(store)).toEqual({ [key]: 2 });
    expect(await countFindings(store, { account: 'physics' })).toEqual({});
    expect(await countFindings(store, { account: 'chemistry' })).toEqual({ [key]: 2 });
    expect(await store.countFindings()).toEqual([{ ...stored, runs: 1 }]);
  });

  test('a correction replaces what was tallied, and a job that runs again is no longer tallied', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('1', { state: 'failed', endTimeMs: NOON_MS + HOUR_MS })]);
    await settle(store);
    await store.updateJob('1', { state: 'completed', details: { account: 'physics', cpus: 2 } }, LATER_MS);
    await settle(store);
    expect(await sum(store, 'account')).toEqual({
      physics: { completed: 1, runtimeSeconds: 3600, cpuSeconds: 7200 },
    });
    await store.updateJob('1', { state: 'running' }, LATER_MS);
    await settle(store);
    expect(await sum(store, 'account')).toEqual({});
    expect(await sum(store, 'day')).toEqual({});
  });

  test('runs that turn out to be one are tallied as one', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const middle = NOON_MS + HOUR_MS;
    await store.applyReports([ended('1', { sluid: 's0000000000001', state: 'failed' })]);
    await store.applyReports([
      ended('1', {
        ...{ sluid: 's0000000000002', submitTimeMs: middle, startTimeMs: middle },
        endTimeMs: middle + HOUR_MS,
      }),
    ]);
    await settle(store);
    expect(await sum(store, 'user')).toMatchObject({ alice: { failed: 1, completed: 1 } });
    const joins = { otherSluids: ['s0000000000002'], resizedMs: [middle], endTimeMs: middle + HOUR_MS };
    await store.applyReports([ended('1', { sluid: 's0000000000001', ...joins })]);
    await settle(store);
    expect(await sum(store, 'user')).toEqual({
      alice: { completed: 1, runtimeSeconds: 7200, waitSeconds: 60, waits: 1 },
    });
  });

  test('each caller sums what is theirs, and other users and accounts do not exist', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([
      ended('1', GPU_JOB),
      ended('2', { user: 'bob', account: 'physics' }),
      ended('3', { user: 'bob', account: 'chemistry' }),
    ]);
    await store.createJob(
      { id: '4', user: 'bob', nodes: ['n1'], details: { account: 'physics', cpus: 4 } },
      0,
    );
    await settle(store);
    const names = async (view: Pick<Store, 'sumTallies'>, groupBy: TallyGroup) =>
      Object.keys(await sum(view, groupBy)).sort();
    const alice = store.seenBy({ user: 'alice', accounts: [] });
    const head = store.seenBy({ user: 'carol', accounts: ['physics'] });
    expect(await names(alice, 'user')).toEqual(['alice']);
    expect(await sum(alice, 'user', { user: 'bob' })).toEqual({});
    expect(await names(head, 'user')).toEqual(['alice', 'bob']);
    expect(await names(head, 'account')).toEqual(['physics']);
    expect(await store.countHoldings({ account: 'physics' })).toEqual({ running: 1, pending: 0, cpus: 4 });
    expect(await alice.countHoldings({ account: 'physics' })).toEqual({ running: 0, pending: 0 });
    expect(await head.countHoldings({ user: 'bob' })).toEqual({ running: 1, pending: 0, cpus: 4 });
    expect(await head.countHoldings({ user: 'carol' })).toEqual({ running: 0, pending: 0 });
    expect(await codeOf(alice.countHoldings({ user: 'bob' }))).toBe('not_found');
    expect(await codeOf(alice.countHoldings({ user: 'nobody' }))).toBe('not_found');
    expect(await codeOf(alice.countHoldings({ account: 'chemistry' }))).toBe('not_found');
  });

  test('tallies equal a recount after any order of ends, corrections, requeues and deletes', async () => {
    for (let seed = 1; seed <= 4; seed++) await compareRandomly(makePlace, seed);
  });
}

type Choose = <Value>(values: readonly Value[]) => Value;

/** What is recounted of one run. */
interface Counted {
  readonly names: Record<TallyGroup, string>;
  readonly tally: Tally;
  readonly nodes: Readonly<Record<string, Tally>>;
  readonly findings: readonly string[];
}

async function compareRandomly(makePlace: MakePlace, seed: number): Promise<void> {
  await using place = await emptyStore(makePlace);
  const random = createRandom(seed);
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
  const ids = ['1', '2', '3', '4'];
  const deleted: Counted[] = [];
  const areFindingsCompared = seed % 2 === 0;
  for (let step = 0; step < 80; step++) {
    if (random() < 0.03) await place.reopen();
    const id = pick(ids);
    const isDeleted = random() < 0.07;
    if (isDeleted) {
      // Findings of a run that was not judged before are not counted.
      if (areFindingsCompared) await settle(place.store, LATER_MS + step * MINUTE_MS * 5);
      deleted.push(...(await countRuns(place.store, id)));
    }
    const write = isDeleted ? place.store.deleteJob(id) : writeRandomly(place.store, id, pick, random);
    // There may be no such job.
    await write.catch(() => {});
    if (random() < 0.15) await place.store.expire({}, LATER_MS + step * MINUTE_MS * 5);
  }
  await settle(place.store, LATER_MS + DAY_MS);
  const counted = [...deleted];
  for (const id of ids) counted.push(...(await countRuns(place.store, id)));
  expect(counted.length).toBeGreaterThan(5);
  for (const groupBy of TALLY_GROUPS) {
    const expected = sumByName(counted.map(({ names, tally }) => [names[groupBy], tally]));
    expect([seed, groupBy, await sum(place.store, groupBy)]).toEqual([seed, groupBy, expected]);
  }
  const byNode = sumByName(
    counted.flatMap(({ nodes }) =>
      Object.entries(nodes).map(([name, tally]) => [name, { ...NO_TALLY, ...heldOf(tally) }] as const),
    ),
  );
  expect([seed, await sumNodes(place.store)]).toEqual([seed, byNode]);
  if (areFindingsCompared) await compareFindings(place.store, seed, counted);
}

async function compareFindings(store: Store, seed: number, counted: readonly Counted[]): Promise<void> {
  for (const [query, isMeant] of FINDING_QUERIES) {
    const findings = counted.filter(({ names }) => isMeant(names)).flatMap((one) => one.findings);
    const expected = Object.fromEntries(
      [...Map.groupBy(findings, (name) => name)].map(([name, { length }]) => [name, length]),
    );
    expect([seed, query, await countFindings(store, query)]).toEqual([seed, query, expected]);
  }
}

const FINDING_QUERIES: [Partial<TallyQuery>, (names: Record<TallyGroup, string>) => boolean][] = [
  [{}, () => true],
  [{ user: 'bob' }, ({ user }) => user === 'bob'],
  [
    { account: 'physics', partition: 'gpu' },
    ({ account, partition }) => account === 'physics' && partition === 'gpu',
  ],
];

/** Sums tallies by their names, without what is 0. */
function sumByName(tallies: readonly (readonly [name: string, tally: Tally])[]) {
  const sums: Record<string, Tally> = {};
  for (const [name, tally] of tallies) sums[name] = addTallies(sums[name] ?? NO_TALLY, tally);
  return Object.fromEntries(Object.entries(sums).map(([name, tally]) => [name, withoutZeros(tally)]));
}

async function writeRandomly(store: Store, id: string, pick: Choose, random: () => number): Promise<void> {
  const draw = random();
  if (draw < 0.8) await store.applyReports([randomReport(id, pick, random)]);
  else if (draw < 0.9) await store.updateJob(id, { state: pick(JOB_STATES) }, LATER_MS);
  else await store.updateJob(id, { details: { cpus: 3 } }, LATER_MS);
}

function randomReport(id: string, pick: Choose, random: () => number): Report {
  const state = pick(JOB_STATES);
  const minutes = Math.floor(random() * 3000);
  const startTimeMs = NOON_MS + minutes * MINUTE_MS;
  return {
    ...{ source: pick(['squeue', 'sacct', 'jobcomp'] as const), id, user: pick(['alice', 'bob']), state },
    ...{ submitTimeMs: NOON_MS + pick([0, 10, 20]) * MINUTE_MS, restarts: pick([0, 0, 1, 2]) },
    ...{ account: pick(['physics', 'chemistry']), partition: pick(['cpu', 'gpu']), cpus: pick([1, 8]) },
    ...(state !== 'pending' && { startTimeMs, nodes: pick([['n1'], ['n2'], ['n1', 'n2', 'n3']]) }),
    ...(hasEnded(state) && { endTimeMs: startTimeMs + HOUR_MS }),
    ...(state === 'failed' && { rawState: pick(['FAILED', 'TIMEOUT']), exitCode: 3 }),
    observedMs: startTimeMs + 2 * HOUR_MS,
  };
}

/** Recounts the runs of a job that have ended; none of an unknown job. */
async function countRuns(store: Store, id: string): Promise<Counted[]> {
  const runs: JobRun[] = [];
  try {
    for await (const run of store.streamRuns(id)) runs.push(run);
  } catch {
    return [];
  }
  return runs
    .filter(({ job }) => hasEnded(job.state) && !job.details?.reason?.startsWith('The job ran again'))
    .map(({ job }) => {
      const { user, state, startTimeMs, endTimeMs, details = {}, nodes } = job;
      const { account = '', partition = '' } = details;
      const day = new Date(endTimeMs!).toISOString().slice(0, 10);
      const run = { ...details, state, startTimeMs, endTimeMs: endTimeMs!, nodes: nodes.length };
      const { findings } = judgeRun({
        ...{ job, summary: { whole: { samples: 0, observedSeconds: 0 }, nodes: [] } },
        ...{ thresholds: DEFAULT_THRESHOLDS, nowMs: endTimeMs! },
      });
      return {
        names: { user, account, partition, day },
        tally: contributionOf(run, []),
        nodes: Object.fromEntries(nodes.map((node) => [node, contributionOn(run, [])])),
        findings: findings.map(({ kind, severity }) => `${kind} ${severity}`),
      };
    });
}
