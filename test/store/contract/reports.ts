import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import { JOB_STATES, type Job } from '../../../src/domain/job.ts';
import type { JobFilter } from '../../../src/domain/list.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { codeOf, MINUTE_MS, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
const STORED = { stored: 1, repeated: 0, refused: 0, refusals: [] };
const REPEATED = { stored: 0, repeated: 1, refused: 0, refusals: [] };
const ALL = { limit: 1000, offset: 0 };

function queued(minutes: number, fields: Partial<Report> = {}): Report {
  const details = { name: 'train', account: 'physics', partition: 'debug', submitTimeMs: at(0) };
  const source = 'squeue';
  return { source, observedMs: at(minutes), id: '7', user: 'alice', state: 'pending', ...details, ...fields };
}
const running = (minutes: number, start: number, fields: Partial<Report> = {}) =>
  queued(minutes, { state: 'running', startTimeMs: at(start), nodes: ['n1', 'n2'], ...fields });
const record = (start: number, end: number, fields: Partial<Report> = {}): Report => ({
  ...running(end, start),
  source: 'jobcomp',
  state: 'completed',
  endTimeMs: at(end),
  rawState: 'COMPLETED',
  exitCode: 0,
  ...fields,
});

async function applyAll(store: Store, reports: readonly Report[]) {
  for (const report of reports) await store.applyReports([report]);
}

export function reports(makePlace: MakePlace) {
  test('a pending job has no start and no nodes, and its submission orders it in lists', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJob({ id: 'before', user: 'bob', nodes: ['n1'] }, at(-1));
    await store.createJob({ id: 'after', user: 'bob', nodes: ['n1'] }, at(1));
    expect(await store.applyReports([queued(2, { reason: 'Priority' })])).toEqual(STORED);
    const { source: _s, observedMs: _o, id, user, state, ...details } = queued(2, { reason: 'Priority' });
    const job = { id, user, state, nodes: [], cpuUsage: 0, memoryUsageMb: 0, details } as unknown as Job;
    expect(await store.getJob('7')).toEqual(job);
    expect((await store.listJobs({}, ALL)).jobs.map((one) => one.id)).toEqual(['after', '7', 'before']);
    expect(await store.listJobs({ state: 'pending', user: 'alice' }, ALL)).toMatchObject({ total: 1 });
    expect(await codeOf(store.updateJob('7', { cpuUsage: 1 }, at(2)))).toBe('validation_error');
    expect(await codeOf(store.updateJob('7', { cpuUsage: 1, state: 'failed' }, at(2)))).toBe(
      'validation_error',
    );
    expect(await store.getJob('7')).toEqual(job);
  });

  test('names of the greatest length are stored, those of earlier runs too', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const random = createRandom(7);
    // Nothing that can be packed.
    const name = () =>
      Array.from({ length: 256 }, () => String.fromCodePoint(0x10_000 + Math.floor(random() * 0xffff))).join(
        '',
      );
    const [id, user, account, partition, sluid, node] = [name(), name(), name(), name(), name(), name()];
    const fields = { id, user, account, partition, nodes: [node] };
    await store.applyReports([
      record(1, 2, { ...fields, sluid }),
      record(10, 12, { ...fields, sluid: name() }),
      record(20, 22, { ...fields, sluid: name() }),
    ]);
    const job = await store.getJob(id);
    expect(job).toMatchObject({ user, nodes: [node], details: { account, partition } });
    const runs = (await Array.fromAsync(store.streamRuns(id))).flat();
    expect(runs).toHaveLength(3);
    expect([...(await store.findJobsOfRuns([sluid]))]).toEqual([[sluid, id]]);
  });

  test('reports take a job from pending to its end, and a report without news counts as repeated', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([queued(1)]);
    expect(await store.applyReports([running(6, 5)])).toEqual(STORED);
    expect(await store.applyReports([running(7, 5)])).toEqual(REPEATED);
    expect(await store.getJob('7')).toMatchObject({
      state: 'running',
      startTimeMs: at(5),
      nodes: ['n1', 'n2'],
    });
    await store.recordSample('7', sample(6 * MINUTE_MS, { node: 'n2' }));
    const end: Report = { ...record(5, 10), source: 'hook', exitCode: 0 };
    await store.applyReports([end]);
    expect(await store.getJob('7')).toMatchObject({ state: 'completed', isEndConfirmed: false });
    await store.applyReports([record(5, 9, { state: 'failed', rawState: 'TIMEOUT' })]);
    expect(
      await store.applyReports([end, record(5, 9, { state: 'failed', rawState: 'TIMEOUT' })]),
    ).toMatchObject({
      repeated: 2,
    });
    await place.reopen();
    expect(await place.store.getJob('7')).toMatchObject({
      ...{ state: 'failed', startTimeMs: at(5), endTimeMs: at(9), isEndConfirmed: true, cpuUsage: 50 },
      details: { name: 'train', account: 'physics', rawState: 'TIMEOUT', exitCode: 0 },
    });
    expect(await place.store.countJobs()).toMatchObject({ created: 1, states: { failed: 1, running: 0 } });
  });

  test('samples of a job without nodes are refused until it has nodes', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([queued(1)]);
    expect(await codeOf(store.recordSample('7', sample(0)))).toBe('validation_error');
    expect(await codeOf(store.recordSample('7', sample(0, { node: 'n1' })))).toBe('validation_error');
    const refused = await store.recordSamples([{ jobId: '7', ...sample(1) }]);
    expect(refused.refusals).toMatchObject([
      { index: 0, error: 'validation_error', message: expect.stringContaining('no nodes yet') },
    ]);
    await store.applyReports([running(6, 5)]);
    expect(await store.recordSamples([{ jobId: '7', ...sample(2) }])).toMatchObject({
      stored: 1,
      refused: 0,
    });
    expect((await store.summarizeJob('7')).nodes.map(({ node }) => node)).toEqual(['n1']);
  });

  test('a requeued job has runs, each with its own nodes, times, end and samples', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [running(6, 5)]);
    await store.recordSample('7', sample(6 * MINUTE_MS, { cpuUsage: 10 }));
    const second = { submitTimeMs: at(10), restarts: 1, nodes: ['n3'] };
    await applyAll(store, [queued(11, { submitTimeMs: at(10), restarts: 1 }), running(21, 20, second)]);
    await store.recordSample('7', sample(21 * MINUTE_MS, { cpuUsage: 90 }));
    // The record of the first run comes late.
    await applyAll(store, [record(5, 9, { state: 'cancelled', rawState: 'REQUEUED' })]);

    expect(await store.getJob('7')).toMatchObject({ state: 'running', startTimeMs: at(20), nodes: ['n3'] });
    const runs = await Array.fromAsync(store.streamRuns('7'));
    expect(runs.map(({ job }) => [job.state, job.startTimeMs, job.endTimeMs, job.nodes])).toEqual([
      ['running', at(20), undefined, ['n3']],
      ['cancelled', at(5), at(9), ['n1', 'n2']],
    ]);
    expect(runs.map(({ summary }) => summary.whole.cpuUsage?.mean)).toEqual([90, 10]);
    expect(runs.map(({ job }) => job.cpuUsage)).toEqual([90, 10]);
    const cpuOf = async (run?: number) =>
      (await listReadings(store, '7', run ? { run } : {}, 10)).samples.map(({ cpuUsage }) => cpuUsage);
    expect([await cpuOf(), await cpuOf(1), await cpuOf(2)]).toEqual([[90], [10], [90]]);
    expect((await store.summarizeJob('7', 1)).nodes.map(({ node }) => node)).toEqual(['n1']);
    expect(await codeOf(listReadings(store, '7', { run: 3 }, 10))).toBe('not_found');
    expect(await store.countJobs()).toMatchObject({ created: 1, states: { running: 1, cancelled: 0 } });
    expect(await store.listJobs({ node: 'n1' }, ALL)).toMatchObject({ total: 0 });
  });

  test('a late sample belongs to the run in whose time it lies', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const second = { submitTimeMs: at(10), restarts: 1 };
    const third = { ...second, nodes: ['n3', 'n1'], restarts: 2 };
    await applyAll(store, [running(6, 5), running(21, 20, second), running(41, 40, third)]);
    const late = (minutes: number, cpuUsage: number, node?: string) => ({
      jobId: '7',
      ...sample(minutes * MINUTE_MS, { cpuUsage, stamped: false, ...(node && { node }) }),
    });
    await store.recordSample('7', late(6, 1));
    const batch = [
      late(4, 2, 'n3'), // before the first run: of the latest
      late(7, 3, 'n2'),
      late(25, 4, 'n2'),
      late(26, 5),
      late(41, 6),
      late(8, 7, 'n2'),
    ];
    expect(await store.recordSamples([...batch, late(9, 8, 'n3')])).toMatchObject({ stored: 7, refused: 0 });
    // n2 is none of the latest run's, and nobody had it before the first.
    expect(await store.recordSamples([...batch, late(41, 1, 'n2'), late(4, 1, 'n2')])).toMatchObject({
      repeated: 6,
      refused: 2,
    });
    await place.reopen();
    const cpuOf = async (run: number) =>
      (await listReadings(place.store, '7', { run }, 10)).samples.map(({ cpuUsage }) => cpuUsage);
    // n3 was not of the first run: then it is the latest that is meant.
    expect([await cpuOf(1), await cpuOf(2), await cpuOf(3)]).toEqual([
      [1, 3, 7],
      [4, 5],
      [2, 8, 6],
    ]);
    expect((await place.store.summarizeJob('7', 1)).nodes.map(({ node }) => node)).toEqual(['n1', 'n2']);
    expect(await place.store.getJob('7')).toMatchObject({ cpuUsage: 6 });
    // The server's own time is now, whatever its clock says.
    await place.store.recordSample('7', { ...late(6, 9), stamped: true });
    expect(await cpuOf(3)).toEqual([2, 9, 8, 6]);
  });

  test('while a requeued job is pending, late samples belong to its last run', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [running(6, 5), queued(11, { submitTimeMs: at(10), restarts: 1 })]);
    await store.recordSample('7', sample(12 * MINUTE_MS, { node: 'n2', stamped: false }));
    expect((await store.summarizeJob('7', 1)).whole.samples).toBe(1);
    expect(await codeOf(store.recordSample('7', sample(4 * MINUTE_MS, { stamped: false })))).toBe(
      'validation_error',
    );
  });

  test('an earlier run that only accounting knows is listed after the latest', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await applyAll(store, [
      record(20, 30),
      record(5, 9, { state: 'failed' }),
      record(1, 2, { state: 'failed' }),
    ]);
    const starts = (await Array.fromAsync(store.streamRuns('7'))).map(({ job }) => job.startTimeMs);
    expect(starts).toEqual([at(20), at(5), at(1)]);
    expect((await listReadings(store, '7', { run: 1 }, 10)).total).toBe(0);
  });

  test('a run without a reported end ends when the next one starts', async () => {
    await using place = await emptyStore(makePlace);
    await applyAll(place.store, [running(6, 5), running(21, 20, { restarts: 1 })]);
    const [, first] = await Array.fromAsync(place.store.streamRuns('7'));
    expect(first!.job).toMatchObject({ state: 'failed', endTimeMs: at(20), isEndConfirmed: false });
  });

  test('events have the time and source of each change', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJob({ id: '7', user: 'alice', nodes: ['n1', 'n2'] }, at(5));
    await store.updateJob('7', { details: { name: 'mine' } }, at(6));
    await applyAll(store, [record(5, 9)]);
    await store.updateJob('7', { cpuUsage: 3 }, at(10));
    const events = await store.listEvents('7');
    expect(events.map(({ timeMs, source }) => [timeMs, source])).toEqual([
      [at(5), 'api'],
      [at(6), 'api'],
      [at(9), 'jobcomp'],
    ]);
    expect(events.map(({ change }) => change)).toMatchObject([
      { user: 'alice', nodes: ['n1', 'n2'], state: 'running', startTimeMs: at(5) },
      { name: 'mine' },
      { name: 'train', state: 'completed', endTimeMs: at(9), account: 'physics', rawState: 'COMPLETED' },
    ]);
    expect(events[2]!.change).not.toHaveProperty('nodes');
    expect(await codeOf(store.listEvents('8'))).toBe('not_found');
  });

  test('a report of an unknown job without a user is refused, and the other reports are stored', async () => {
    await using place = await emptyStore(makePlace);
    const { user: _, ...anonymous } = running(6, 5, { id: '8' });
    expect(await place.store.applyReports([anonymous, running(6, 5)])).toEqual({
      ...{ stored: 1, repeated: 0, refused: 1 },
      refusals: [
        {
          index: 0,
          error: 'validation_error',
          message: 'The report of job "8" names no user, and the job is unknown.',
        },
      ],
    });
    expect(await codeOf(place.store.getJob('8'))).toBe('not_found');
  });

  test('details from the API are stored, and deleting a job deletes its runs', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const details = { name: 'x', gpus: 2, allocations: [{ node: 'n1', gpuIds: ['0', '1'] }] };
    expect(await store.createJob({ id: '7', user: 'alice', nodes: ['n1'], details }, at(5))).toMatchObject({
      details,
    });
    const patched = await store.updateJob('7', { details: { gpus: 3, qos: 'high' } }, at(6));
    expect(patched.details).toEqual({ ...details, gpus: 3, qos: 'high' });
    await applyAll(store, [record(5, 9), running(21, 20, { restarts: 1 })]);
    expect(await Array.fromAsync(store.streamRuns('7'))).toHaveLength(2);
    await store.deleteJob('7');
    expect(await codeOf(Array.fromAsync(store.streamRuns('7')))).toBe('not_found');
    await store.createJob({ id: '7', user: 'bob', nodes: ['n9'] }, at(30));
    expect(await Array.fromAsync(store.streamRuns('7'))).toHaveLength(1);
    expect(await store.listEvents('7')).toHaveLength(1);
    expect((await store.getJob('7')).details).toBeUndefined();
  });

  const FILTERS: [filter: NonNullable<JobFilter['details']>, ids: string][] = [
    [{ account: 'physics' }, '1 2 3'],
    [{ account: 'phys' }, ''],
    [{ account: ['physics', 'chemistry'] }, '1 2 3 4'],
    [{ account: 'physics,chemistry' }, '1 2 3 4'],
    [{ partition: 'gpu' }, '2 3'],
    [{ partition: 'g_u' }, ''],
    [{ partition: 'debug,gpu' }, '1 2 3 4'],
    [{ qos: 'high' }, '4'],
    [{ name: 'a, b' }, '3'],
    [{ name: 'train', account: 'physics' }, '1 2'],
    [{ arrayJobId: '100' }, '1 2'],
    [{ cluster: 'west' }, '4'],
    [{ cluster: 'east' }, ''],
  ];
  test.each(FILTERS)('a list filtered by the details %j has the jobs %p', async (details, ids) => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([
      running(6, 5, { id: '1', arrayJobId: '100' }),
      queued(6, { id: '2', arrayJobId: '100', partition: 'debug,gpu' }),
      record(5, 9, { id: '3', name: 'a, b', partition: 'gpu' }),
      running(6, 5, { id: '4', account: 'chemistry', qos: 'high', cluster: 'west' }),
    ]);
    await store.createJob({ id: '5', user: 'alice', nodes: ['n1'] }, at(1));
    const found = await store.listJobs({ details }, { ...ALL, nowMs: at(10) });
    expect(found.jobs.map(({ id }) => id).sort()).toEqual(ids.split(' ').filter(Boolean));
    expect(found.total).toBe(found.jobs.length);
    const alsoByState = await store.listJobs({ details, state: 'running' }, { ...ALL, nowMs: at(10) });
    expect(alsoByState.jobs).toEqual(found.jobs.filter(({ state }) => state === 'running'));
  });

  test('counts and lists agree with the jobs after random reports', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const random = createRandom(8);
    const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)]!;
    const list: Report[] = Array.from({ length: 400 }, () => {
      const start = Math.floor(random() * 100);
      const fields = {
        id: pick(['1', '2', '3', '4']),
        user: pick(['alice', 'bob', 'carol']),
        nodes: pick([['n1'], ['n1', 'n2'], ['n3', 'n1', 'n2']]),
        state: pick(['completed', 'failed', 'cancelled'] as const),
        source: pick(['jobcomp', 'sacct', 'hook'] as const),
        submitTimeMs: at(start - 1),
      };
      const { nodes: _, ...waiting } = fields;
      return pick([
        queued(start, { ...waiting, source: 'squeue', state: 'pending' }),
        running(start + 1, start, { ...fields, source: 'squeue', state: 'running' }),
        record(start, start + 3, fields),
      ]);
    });
    await store.applyReports(list);
    const { jobs: all } = await store.listJobs({}, ALL);
    expect(all.map(({ id }) => id).sort()).toEqual(['1', '2', '3', '4']);
    const { states, created } = await store.countJobs();
    expect(created).toBe(4);
    for (const state of JOB_STATES) {
      expect(states[state]).toBe(all.filter((job) => job.state === state).length);
      for (const user of ['alice', 'bob', 'carol']) {
        for (const node of [undefined, 'n1', 'n2', 'n3']) {
          const page = await store.listJobs({ state, user, ...(node && { node }) }, ALL);
          const wanted = all.filter(
            (job) => job.state === state && job.user === user && (!node || job.nodes.includes(node)),
          );
          expect(page).toEqual({ jobs: wanted, total: wanted.length });
        }
      }
    }
    for (const { id } of all) {
      const starts = (await Array.fromAsync(store.streamRuns(id))).map(
        ({ job }) => job.startTimeMs ?? Infinity,
      );
      expect(starts).toEqual(starts.toSorted((one, other) => other - one));
    }
  });
}
