import { expect, test } from 'bun:test';
import { thresholdsOf } from '../../../src/domain/finding/thresholds.ts';
import type { JobFilter } from '../../../src/domain/list.ts';
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
