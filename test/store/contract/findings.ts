import { expect, test } from 'bun:test';
import type { FindingKind } from '../../../src/domain/finding/severity.ts';
import { thresholdsOf } from '../../../src/domain/finding/thresholds.ts';
import type { JobFilter } from '../../../src/domain/list.ts';
import { MEASURES } from '../../../src/domain/measure.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { hourOf as hourOfTime } from '../../../src/domain/tally/spans.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const HOUR_MS = 60 * MINUTE_MS;
const LATER_MS = NOON_MS + 10 * 24 * HOUR_MS;

/** Takes all steps until every sample is sealed and every run judged. */
async function settle(store: Store): Promise<void> {
  for (let steps = 0; await store.expire({}, LATER_MS); steps++) expect(steps).toBeLessThan(400);
}

async function idsOf(store: Pick<Store, 'listJobs'>, filter: JobFilter): Promise<string[]> {
  const { jobs, total } = await store.listJobs(filter, { limit: 100, nowMs: LATER_MS });
  expect(total).toBe(jobs.length);
  return jobs.map(({ id }) => id).sort();
}

/** Judges all running jobs once, some at a time. */
async function judgeAll(store: Store, nowMs: number, limit = 3) {
  const sum = { jobs: 0, changed: 0 };
  for (let isOver = false; !isOver; ) {
    const { jobs, changed, isLast } = await store.judgeRunning(nowMs, limit);
    sum.jobs += jobs;
    sum.changed += changed;
    isOver = isLast;
  }
  return sum;
}

async function findingsNow(store: Store): Promise<Record<string, readonly FindingKind[]>> {
  const all = (await Array.fromAsync(store.runningJobs())).flat();
  return Object.fromEntries(all.flatMap(({ id, findings }) => (findings ? [[id, findings]] : [])).sort());
}

/** An hour of samples of a job that has a GPU. */
const hourOf = (jobId: string, gpuUsage: number) =>
  Array.from({ length: 60 }, (_, minute) => ({
    ...{ jobId, timeMs: NOON_MS + minute * MINUTE_MS, cpuUsage: 90, memoryUsageMb: 100, gpuUsage },
    stamped: false,
  }));

const ended = { state: 'completed', endTimeMs: NOON_MS + HOUR_MS } as const;

export function findings(makePlace: MakePlace) {
  test('jobs are listed by what rules found of their ended runs', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([
      pastJob('idle', { ...ended, details: { gpus: 2 } }),
      pastJob('busy', { ...ended, details: { gpus: 2 } }),
      pastJob('failed', { ...ended, state: 'failed', user: 'bob', details: { exitCode: 3 } }),
      pastJob('running', { details: { gpus: 2 } }),
    ]);
    await store.recordSamples([...hourOf('idle', 0), ...hourOf('busy', 90), ...hourOf('running', 0)]);
    await settle(store);
    expect(await idsOf(store, { finding: 'gpu-unused' })).toEqual(['idle']);
    expect(await idsOf(store, { finding: ['gpu-unused', 'ended-with-code'] })).toEqual(['failed', 'idle']);
    expect(await idsOf(store, { finding: 'memory-killed' })).toEqual([]);
    expect(await idsOf(store, { severity: 'harm' })).toEqual(['failed']);
    expect(await idsOf(store, { severity: ['harm', 'waste'], user: 'alice' })).toEqual(['idle']);
    const own = store.seenBy({ user: 'alice', accounts: [] });
    expect(await idsOf(own, { finding: 'ended-with-code' })).toEqual([]);
  });

  test('running jobs are listed by what rules find of them now', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const nowMs = NOON_MS + HOUR_MS;
    await store.createJobs([
      ...['a', 'b', 'c', 'd'].map((id) =>
        pastJob(id, { details: { gpus: 2, account: 'geo', partition: 'gpu' } }),
      ),
      pastJob('bobs', { user: 'bob', nodes: ['n2'], details: { gpus: 1 } }),
      pastJob('silent'),
      pastJob('over', { ...ended, details: { gpus: 2 } }),
    ]);
    await store.recordSamples([
      ...['a', 'b', 'c', 'bobs', 'over'].flatMap((id) => hourOf(id, 0)),
      ...hourOf('d', 90),
    ]);
    await settle(store);
    expect(await idsOf(store, { finding: 'gpu-unused' })).toEqual(['over']);
    expect(await judgeAll(store, nowMs)).toEqual({ jobs: 6, changed: 4 });
    expect(await judgeAll(store, nowMs)).toEqual({ jobs: 6, changed: 0 });

    expect(await idsOf(store, { finding: 'gpu-unused' })).toEqual(['a', 'b', 'bobs', 'c', 'over']);
    expect(await idsOf(store, { severity: 'waste', state: 'running', user: 'alice' })).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(await idsOf(store, { severity: 'waste', node: 'n2' })).toEqual(['bobs']);
    expect(await idsOf(store, { finding: 'gpu-unused', state: 'pending' })).toEqual([]);
    const order = { sort: 'cpuUsage', isAscending: false } as const;
    const first = await store.listJobs({ finding: 'gpu-unused' }, { limit: 3, order, nowMs });
    const rest = await store.listJobs(
      { finding: 'gpu-unused' },
      { limit: 3, order, nowMs, after: first.next! },
    );
    expect([first.total, first.jobs.length, rest.jobs.length]).toEqual([5, 3, 2]);
    expect(new Set([...first.jobs, ...rest.jobs].map(({ id }) => id)).size).toBe(5);
    const waste = { kind: 'gpu-unused', severity: 'waste' } as const;
    expect((await store.getJob('a')).finding).toEqual(waste);
    expect((await store.getJob('over')).finding).toEqual(waste);
    expect((await store.getJob('d')).finding).toBeUndefined();
    expect(await findingsNow(store)).toEqual({ a: [waste], b: [waste], bobs: [waste], c: [waste] });

    const bob = store.seenBy({ user: 'bob', accounts: [] });
    const coordinator = store.seenBy({ user: 'carol', accounts: ['geo'] });
    const counted = (runs: number) => [{ ...waste, runs }];
    expect(await idsOf(bob, { finding: 'gpu-unused' })).toEqual(['bobs']);
    expect(await store.countRunningFindings()).toEqual(counted(4));
    expect(await store.sumRunningFindings({})).toEqual(counted(4));
    expect(await store.sumRunningFindings({ user: 'alice' })).toEqual(counted(3));
    expect(await store.sumRunningFindings({ partition: 'gpu', user: 'bob' })).toEqual([]);
    expect(await store.sumRunningFindings({ account: 'nobody' })).toEqual([]);
    expect(await bob.sumRunningFindings({})).toEqual(counted(1));
    expect(await coordinator.sumRunningFindings({})).toEqual(counted(3));

    // One works, one ends, one is deleted, and one is judged before its first sample.
    await store.recordSamples([{ ...hourOf('a', 80)[59]!, timeMs: nowMs }]);
    await store.updateJob('b', { state: 'completed' }, nowMs);
    await store.deleteJob('c');
    expect(await idsOf(store, { finding: 'gpu-unused', state: 'running' })).toEqual(['a', 'bobs']);
    await store.recordSamples(hourOf('silent', 0));
    expect(await judgeAll(store, nowMs)).toEqual({ jobs: 4, changed: 2 });
    expect(await idsOf(store, { finding: 'gpu-unused' })).toEqual(['bobs', 'over', 'silent']);
    await settle(store);
    expect(await idsOf(store, { finding: 'gpu-unused' })).toEqual(['b', 'bobs', 'over', 'silent']);
    const low = { kind: 'gpu-low', severity: 'waste', runs: 1 } as const;
    expect(await store.countRunningFindings()).toEqual([...counted(2), low]);
  });

  test('the findings of running jobs do not depend on sealing, steps and restarts', async () => {
    using place = makePlace();
    let store = await place.open();
    const hours = 5;
    const nowMs = NOON_MS + hours * HOUR_MS;
    const cores = { cpus: 8, memoryLimitMb: 64_000, timeLimitSeconds: 36_000 };
    await store.createJobs([
      pastJob('idle', { details: cores }),
      pastJob('leaks', { details: { ...cores, memoryLimitMb: 1000 } }),
      pastJob('pauses', { details: { ...cores, gpus: 1 } }),
      pastJob('killed', { details: cores }),
      pastJob('wide', { nodes: ['n1', 'n2'], details: cores }),
    ]);
    const expected = {
      idle: ['cpu-idle'],
      leaks: ['memory-grows'],
      pauses: ['gpu-paused'],
      wide: ['nodes-unused'],
    };
    const kindsNow = async () =>
      Object.fromEntries(
        Object.entries(await findingsNow(store)).map(([id, findings]) => [
          id,
          findings.map(({ kind }) => kind),
        ]),
      );
    for (let hour = 0; hour < hours; hour++) {
      const samples = Array.from({ length: 60 }, (_, minute) => hour * 60 + minute).flatMap((minute) => {
        const of = { timeMs: NOON_MS + minute * MINUTE_MS, stamped: false, cpuUsage: 90, memoryUsageMb: 300 };
        return [
          { ...of, jobId: 'idle', cpuUsage: 1 },
          { ...of, jobId: 'leaks', memoryUsageMb: 200 + 2 * minute },
          { ...of, jobId: 'pauses', gpuUsage: minute < 250 ? 80 : 0 },
          { ...of, jobId: 'killed' },
          { ...of, jobId: 'wide', node: 'n1' },
          { ...of, jobId: 'wide', node: 'n2', cpuUsage: 0 },
        ];
      });
      await store.recordSamples(samples);
      await judgeAll(store, NOON_MS + (hour + 1) * HOUR_MS, 2);
      if (hour === 1) await settle(store);
    }
    expect(await kindsNow()).toEqual(expected);
    const oom = MEASURES.get('memory_oom_kills')!.code;
    await store.recordSamples(
      [{ jobId: 'killed', timeMs: nowMs, stamped: false, cpuUsage: 90, memoryUsageMb: 300 }],
      { columns: new Map([[oom, Float64Array.of(2)]]) },
    );
    expect((await judgeAll(store, nowMs, 1)).changed).toBe(1);
    await settle(store);
    await store.close();
    store = await place.open();
    expect(await kindsNow()).toEqual({ ...expected, killed: ['memory-killed'] });
    expect((await judgeAll(store, nowMs)).changed).toBe(0);
    await store.close();
  });

  test('a run that is corrected is judged anew, and a deleted one is forgotten', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('1', { ...ended, state: 'failed', details: { exitCode: 3 } })]);
    await settle(store);
    expect(await idsOf(store, { severity: 'harm' })).toEqual(['1']);
    await store.updateJob('1', { state: 'completed' }, NOON_MS + HOUR_MS);
    await settle(store);
    expect(await idsOf(store, { severity: 'harm' })).toEqual([]);
    await store.updateJob('1', { state: 'failed' }, NOON_MS + HOUR_MS);
    await settle(store);
    await store.deleteJob('1');
    await store.createJobs([pastJob('2', ended)]);
    await settle(store);
    expect(await idsOf(store, { severity: 'harm' })).toEqual([]);
  });

  test('all ended runs are judged anew on demand', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([
      pastJob('1', { ...ended, state: 'failed', details: { exitCode: 3 } }),
      pastJob('2', ended),
      pastJob('3'),
    ]);
    await settle(store);
    expect(await store.expire({}, LATER_MS)).toBe(false);
    expect(await store.judgeAnew()).toBe(2);
    expect(await store.expire({}, LATER_MS)).toBe(true);
    await settle(store);
    expect(await idsOf(store, { severity: 'harm' })).toEqual(['1']);
  });

  test('with other thresholds all ended runs are judged anew, those before the latest of a job too', async () => {
    using place = makePlace();
    const times = (atMs: number) => ({ startTimeMs: NOON_MS + atMs, endTimeMs: NOON_MS + atMs + HOUR_MS });
    const runs = [0, 2 * HOUR_MS].map((atMs) => ({
      ...({ source: 'sacct', observedMs: LATER_MS, id: 'requeued', user: 'alice', nodes: ['n1'] } as const),
      ...{ state: 'completed' as const, timeLimitSeconds: 36_000, ...times(atMs) },
    }));
    const range = { from: hourOfTime(NOON_MS - 12 * HOUR_MS), to: hourOfTime(LATER_MS) };
    for (const [words, found, kinds] of [
      [[], ['1', 'requeued'], { 'time-unused': 3 }],
      [['time-modest-percent=5'], [], {}],
      [[], ['1', 'requeued'], { 'time-unused': 3 }],
    ] as const) {
      const store = await place.open({ thresholds: thresholdsOf(words) });
      await store.createJobs([pastJob('1', { ...ended, details: { timeLimitSeconds: 36_000 } })]);
      await store.applyReports(runs);
      await settle(store);
      expect(await idsOf(store, { finding: 'time-unused' })).toEqual([...found]);
      const counts = await store.sumFindings(range);
      expect(Object.fromEntries(counts.map(({ kind, runs }) => [kind, runs]))).toEqual(kinds);
      await store.close();
    }
  });
}
