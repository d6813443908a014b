import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import { JOB_STATES } from '../../../src/domain/job.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;
const report = (id: string, minutes: number, fields: Partial<Report>): Report => ({
  ...{
    source: 'squeue',
    observedMs: at(minutes),
    id,
    user: 'alice',
    partition: 'debug',
    submitTimeMs: at(0),
  },
  ...fields,
});
const pending = (id: string, minutes = 0, fields: Partial<Report> = {}) =>
  report(id, minutes, { state: 'pending', ...fields });
const running = (id: string, start: number, fields: Partial<Report> = {}) =>
  report(id, start, { state: 'running', startTimeMs: at(start), nodes: ['n1'], ...fields });
const ended = (id: string, start: number, end: number, fields: Partial<Report> = {}) =>
  report(id, end, {
    ...{ source: 'jobcomp', state: 'completed', startTimeMs: at(start), endTimeMs: at(end), nodes: ['n1'] },
    ...fields,
  });

/** What is counted, without what is 0. */
async function read(store: Store) {
  const { live, finished, waits } = await store.countThroughput();
  const table = (rows: typeof live) =>
    Object.fromEntries(
      rows
        .filter(({ count }) => count !== 0)
        .map(({ partition, state, count }) => [`${partition} ${state}`, count]),
    );
  return {
    live: table(live),
    finished: table(finished),
    waits: Object.fromEntries(waits.runs),
    seconds: waits.totalSeconds,
  };
}

export function throughput(makePlace: MakePlace) {
  test('pending and running jobs of every source are counted by partition', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([pending('1'), pending('2', 0, { partition: 'gpu,debug' }), running('3', 1)]);
    await store.createJob({ id: 'a', user: 'bob', nodes: ['n1'] }, at(1));
    await store.createJob({ id: 'b', user: 'bob', nodes: ['n1'], details: { partition: 'api' } }, at(1));
    const all = {
      'debug pending': 1,
      'gpu,debug pending': 1,
      'debug running': 1,
      ' running': 1,
      'api running': 1,
    };
    expect((await read(store)).live).toEqual(all);
    await store.applyReports([running('2', 2, { partition: 'gpu' }), running('1', 2)]);
    await store.updateJob('a', { details: { partition: 'api' } }, at(2));
    await store.updateJob('b', { state: 'completed' }, at(2));
    await store.deleteJob('3');
    expect((await read(store)).live).toEqual({ 'gpu running': 1, 'debug running': 1, 'api running': 1 });
    await place.reopen();
    expect((await read(place.store)).live).toEqual({
      'gpu running': 1,
      'debug running': 1,
      'api running': 1,
    });
  });

  test('a run counts once, with its first verdict, and so does its wait', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([pending('1'), running('1', 5), running('1', 5)]);
    expect(await read(store)).toEqual({
      waits: { 300: 1 },
      seconds: 300,
      finished: {},
      live: { 'debug running': 1 },
    });
    await store.applyReports([ended('1', 5, 9, { source: 'hook' })]);
    await store.applyReports([ended('1', 5, 9, { state: 'failed' }), ended('1', 5, 9, { state: 'failed' })]);
    const counted = { finished: { 'debug completed': 1 }, waits: { 300: 1 }, seconds: 300, live: {} };
    expect(await read(store)).toEqual(counted);
    await place.reopen();
    expect(await read(place.store)).toEqual(counted);
    await place.store.deleteJob('1');
    expect(await read(place.store)).toEqual(counted);
  });

  test('a requeued job counts for every run', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([running('1', 1), ended('1', 1, 3, { state: 'cancelled' })]);
    await store.applyReports([pending('1', 4, { submitTimeMs: at(3) })]);
    expect((await read(store)).live).toEqual({ 'debug pending': 1 });
    await store.applyReports([
      running('1', 23, { submitTimeMs: at(3) }),
      ended('1', 23, 30, { submitTimeMs: at(3) }),
    ]);
    expect(await read(store)).toEqual({
      live: {},
      finished: { 'debug cancelled': 1, 'debug completed': 1 },
      waits: { 60: 1, 3600: 1 },
      seconds: 60 + 1200,
    });
  });

  test('reports more than a day late are not counted, and ends over the API are', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const late = { source: 'sacct', observedMs: at(24 * 60 + 6) } as const;
    await store.applyReports([ended('1', 2, 5, late), ended('2', 7, 8, late)]);
    const counted = { live: {}, finished: { 'debug completed': 1 }, waits: { 900: 1 }, seconds: 420 };
    expect(await read(store)).toEqual(counted);
    await store.createJobs([pastJob('a', { state: 'failed', endTimeMs: at(1) }), pastJob('b')]);
    await store.updateJob('b', { state: 'cancelled' }, at(3));
    await store.updateJob('b', { state: 'cancelled' }, at(4));
    expect((await read(store)).finished).toEqual({ 'debug completed': 1, ' failed': 1, ' cancelled': 1 });
  });

  test('a wait longer than all bounds is counted', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.applyReports([running('1', 20_000)]);
    expect(await read(place.store)).toMatchObject({ waits: { Infinity: 1 }, seconds: 1_200_000 });
  });

  test('throughput counters agree with the jobs after random writes', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const random = createRandom(7);
    const pick = <Value>(...values: Value[]) => values[Math.floor(random() * values.length)]!;
    for (let step = 0; step < 300; step++) {
      const id = String(1 + Math.floor(random() * 12));
      const fields = pick<Partial<Report>>({ partition: 'gpu' }, { partition: 'debug' }, {});
      const start = Math.floor(step / 3);
      const call = pick<() => Promise<unknown>>(
        () => store.applyReports([pending(id, start, fields)]),
        () => store.applyReports([running(id, start, fields)]),
        () =>
          store.applyReports([ended(id, start, start + 1, { ...fields, source: pick('hook', 'jobcomp') })]),
        () => store.createJobs([pastJob(id)]),
        () => store.updateJob(id, { state: pick(...JOB_STATES) }, at(start)),
        () => store.updateJob(id, { details: { partition: pick('api', 'gpu') } }, at(start)),
        () => store.deleteJob(id),
      );
      await call().catch(() => {});
    }
    const { jobs } = await store.listJobs({ state: ['pending', 'running'] }, { limit: 1000, offset: 0 });
    const counted: Record<string, number> = {};
    for (const { details, state } of jobs) {
      const key = `${details?.partition ?? ''} ${state}`;
      counted[key] = (counted[key] ?? 0) + 1;
    }
    expect(jobs.length).toBeGreaterThan(2);
    expect((await read(store)).live).toEqual(counted);
  });
}
