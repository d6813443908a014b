import { expect, test } from 'bun:test';
import { type Change, changeCollector } from '../../../src/domain/changes.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { codeOf, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { nodeReport } from '../../help/node-report.ts';
import { emptyStore, type MakePlace } from './place.ts';

/** Watches a store from now on; `told` returns what it has told since the last call. */
function watch(store: Store) {
  const collector = changeCollector();
  const stop = store.watchChanges((change: Change) => collector.add(change));
  const told = () => {
    const { jobs, measured, measuredRuns, nodes } = collector.take();
    return { jobs: [...jobs], measured: [...measured], measuredRuns: [...measuredRuns], nodes };
  };
  return { told, stop };
}

const report = (id: string, fields: Partial<Report>): Report => ({
  source: 'squeue',
  observedMs: NOON_MS + 1000,
  id,
  user: 'alice',
  state: 'running',
  submitTimeMs: NOON_MS,
  startTimeMs: NOON_MS,
  nodes: ['n1'],
  ...fields,
});

const NOTHING = { jobs: [], measured: [], measuredRuns: [], nodes: false };

export function changes(makePlace: MakePlace) {
  test('jobs that are created, changed and deleted are told', async () => {
    await using place = await emptyStore(makePlace);
    const { told } = watch(place.store);
    await place.store.createJob({ id: 'a', user: 'alice', nodes: ['n1'] }, NOON_MS);
    expect(told()).toEqual({ ...NOTHING, jobs: ['a'] });
    await place.store.createJobs([pastJob('b'), pastJob('c')]);
    expect(told()).toEqual({ ...NOTHING, jobs: ['b', 'c'] });
    await place.store.updateJob('b', { state: 'completed' }, NOON_MS);
    expect(told()).toEqual({ ...NOTHING, jobs: ['b'] });
    await place.store.applyReports([report('c', { state: 'failed' })]);
    expect(told()).toEqual({ ...NOTHING, jobs: ['c'] });
    await place.store.deleteJob('a');
    expect(told()).toEqual({ ...NOTHING, jobs: ['a'] });
  });

  test('jobs that are measured and nodes that report are told', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a'), pastJob('b')]);
    const { told } = watch(place.store);
    await place.store.recordSample('a', sample(0));
    expect(told()).toEqual({ ...NOTHING, measured: ['a'] });
    await place.store.recordSamples([{ ...sample(1), jobId: 'b' }]);
    expect(told()).toEqual({ ...NOTHING, measured: ['b'] });
    await place.store.recordSamples([], undefined, { report: nodeReport(), receivedMs: NOON_MS });
    expect(told()).toEqual({ ...NOTHING, nodes: true });
  });

  test('a sample that names its run is told with the run, whose job can be found', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.applyReports([report('a', { sluid: 's1A2B3' })]);
    const { told } = watch(place.store);
    await place.store.recordSamples([{ ...sample(0), jobId: '', sluid: 's1A2B3' }]);
    expect(told()).toEqual({ ...NOTHING, measuredRuns: ['s1A2B3'] });
    const jobs = await place.store.findJobsOfRuns(['s1A2B3', 'sUnknown']);
    expect([...jobs]).toEqual([['s1A2B3', 'a']]);
  });

  test('what is repeated or refused is not told', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a')]);
    await place.store.recordSamples([{ ...sample(1, { stamped: false }), jobId: 'a' }]);
    const { told } = watch(place.store);
    await place.store.createJobs([pastJob('a')]);
    await place.store.recordSamples([{ ...sample(1, { stamped: false }), jobId: 'a' }]);
    expect(await codeOf(place.store.createJob({ id: 'a', user: 'bob', nodes: [] }, NOON_MS))).toBe(
      'conflict',
    );
    expect(await codeOf(place.store.updateJob('missing', { state: 'failed' }, NOON_MS))).toBe('not_found');
    expect(told()).toEqual(NOTHING);
  });

  test('a change can be read as soon as it is announced', async () => {
    await using place = await emptyStore(makePlace);
    const read = Promise.withResolvers<string>();
    place.store.watchChanges(() => {
      place.store.getJob('a').then(({ state }) => read.resolve(state), read.reject);
    });
    await place.store.createJob({ id: 'a', user: 'alice', nodes: [] }, NOON_MS);
    expect(await read.promise).toBe('running');
  });

  test('who stops watching is told nothing more, and others are', async () => {
    await using place = await emptyStore(makePlace);
    const first = watch(place.store);
    const second = watch(place.store);
    first.stop();
    await place.store.createJobs([pastJob('a')]);
    expect([first.told(), second.told()]).toEqual([NOTHING, { ...NOTHING, jobs: ['a'] }]);
  });

  test('the owners of jobs are those of their latest runs', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a'), pastJob('b', { user: 'bob', details: { account: 'x' } })]);
    const owners = await place.store.findOwners(['a', 'b', 'missing']);
    expect(Object.fromEntries(owners)).toEqual({
      a: { user: 'alice', account: null },
      b: { user: 'bob', account: 'x' },
    });
  });
}
