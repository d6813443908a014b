import { expect, test } from 'bun:test';
import { JOB_STATES, type Job, type JobState } from '../../../src/domain/job.ts';
import { codeOf, MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const NEW = { id: 'job-001', user: 'alice', nodes: ['n2', 'n1'] };
const NEW_IS: Job = { ...NEW, state: 'running', startTimeMs: NOON_MS, cpuUsage: 0, memoryUsageMb: 0 };

export function jobs(makePlace: MakePlace) {
  test('a new job runs from now, keeps the order of its nodes, and can be read', async () => {
    await using place = await emptyStore(makePlace);
    expect(await place.store.createJob(NEW, NOON_MS)).toEqual(NEW_IS);
    expect(await place.store.getJob('job-001')).toEqual(NEW_IS);
  });

  test('creating an existing id is a conflict and changes nothing', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJob(NEW, NOON_MS);
    expect(await codeOf(place.store.createJob({ ...NEW, user: 'bob', nodes: ['n9'] }, NOON_MS + 1))).toBe(
      'conflict',
    );
    expect(await place.store.getJob('job-001')).toEqual(NEW_IS);
    expect(await place.store.countJobs()).toMatchObject({ created: 1, states: { running: 1 } });
    expect((await place.store.listJobs({ user: 'bob' }, { limit: 10, offset: 0 })).total).toBe(0);
  });

  test('unusual names are read back as they were given', async () => {
    await using place = await emptyStore(makePlace);
    for (const odd of [
      "o'brien",
      'a"b',
      'back\\slash',
      'a/b',
      '100%',
      ' ',
      'ÄÖÜ',
      '🧪',
      'e\u0301',
      'A',
      'a',
    ]) {
      const job = { id: odd, user: odd, nodes: [odd, `${odd}2`] };
      await place.store.createJob(job, NOON_MS);
      expect(await place.store.getJob(odd)).toEqual({ ...NEW_IS, ...job });
      const list = await place.store.listJobs({ user: odd, node: odd }, { limit: 10, offset: 0 });
      expect(list.jobs.map(({ id }) => id)).toEqual([odd]);
    }
  });

  test('methods that need a job reject with not_found without one', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJob(NEW, NOON_MS);
    for (const id of ['job-002', 'JOB-001', 'job-00', 'job-001 ', '']) {
      expect(await codeOf(store.getJob(id))).toBe('not_found');
      expect(await codeOf(store.updateJob(id, { state: 'failed' }, NOON_MS))).toBe('not_found');
      expect(await codeOf(store.deleteJob(id))).toBe('not_found');
      expect(await codeOf(store.recordSample(id, sample(0)))).toBe('not_found');
      expect(await codeOf(listReadings(store, id, {}, 10))).toBe('not_found');
    }
    expect(await store.getJob('job-001')).toEqual(NEW_IS);
  });

  const moves = JOB_STATES.flatMap((from) => JOB_STATES.map((to): [JobState, JobState] => [from, to]));
  test.each(moves)('a job that is %s can become %s', async (from, to) => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const endMs = NOON_MS + MINUTE_MS;
    const wasEnded = from !== 'pending' && from !== 'running';
    const isEnded = to !== 'pending' && to !== 'running';
    await store.createJobs([pastJob('a', { state: from, ...(wasEnded && { endTimeMs: endMs }) })]);
    const changed = await store.updateJob('a', { state: to }, NOON_MS + 2 * MINUTE_MS);
    expect(changed).toEqual({
      ...pastJob('a', { state: to }),
      cpuUsage: 0,
      memoryUsageMb: 0,
      ...(isEnded && { endTimeMs: wasEnded ? endMs : NOON_MS + 2 * MINUTE_MS }),
    });
    expect(await store.getJob('a')).toEqual(changed);
    expect((await store.countJobs()).states).toEqual({
      pending: 0,
      running: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      [to]: 1,
    });
  });

  test('a job never ends before it started, even if the clock went back', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJob(NEW, NOON_MS);
    const job = await place.store.updateJob('job-001', { state: 'failed' }, NOON_MS - MINUTE_MS);
    expect(job.endTimeMs).toBe(NOON_MS);
  });

  test('an empty patch changes nothing', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJob(NEW, NOON_MS);
    expect(await place.store.updateJob('job-001', {}, NOON_MS + MINUTE_MS)).toEqual(NEW_IS);
  });

  test('deleting a job deletes its samples, and its id can be used again', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJob(NEW, NOON_MS);
    await store.recordSample('job-001', sample(0, { gpuUsage: 5 }));
    await store.recordSample('job-001', sample(1, { node: 'n1' }));
    await store.deleteJob('job-001');
    expect(await codeOf(store.getJob('job-001'))).toBe('not_found');
    expect(await codeOf(listReadings(store, 'job-001', {}, 10))).toBe('not_found');
    expect(await codeOf(store.deleteJob('job-001'))).toBe('not_found');
    expect(await store.listJobs({}, { limit: 10, offset: 0 })).toEqual({ jobs: [], total: 0 });
    const again = await store.createJob({ ...NEW, user: 'bob' }, NOON_MS + MINUTE_MS);
    expect(again).toEqual({ ...NEW_IS, user: 'bob', startTimeMs: NOON_MS + MINUTE_MS });
    expect(await listReadings(store, 'job-001', {}, 10)).toEqual({ samples: [], total: 0 });
    expect((await store.listJobs({ user: 'alice' }, { limit: 10, offset: 0 })).total).toBe(0);
  });

  test('the count of created jobs never decreases', async () => {
    await using place = await emptyStore(makePlace);
    expect(await place.store.countJobs()).toEqual({
      created: 0,
      states: { pending: 0, running: 0, completed: 0, failed: 0, cancelled: 0 },
    });
    await place.store.createJob(NEW, NOON_MS);
    await place.store.createJobs([pastJob('b', { state: 'pending' }), pastJob('job-001')]);
    expect((await place.store.countJobs()).created).toBe(2);
    await place.store.deleteJob('job-001');
    await place.store.updateJob('b', { state: 'running' }, NOON_MS);
    expect((await place.store.countJobs()).created).toBe(2);
    await place.store.createJob(NEW, NOON_MS);
    await place.reopen();
    expect(await place.store.countJobs()).toEqual({
      created: 3,
      states: { pending: 0, running: 2, completed: 0, failed: 0, cancelled: 0 },
    });
  });
}
