import { expect, test } from 'bun:test';
import type { PastJob } from '../../../src/domain/job.ts';
import type { Report } from '../../../src/domain/report.ts';
import type { JobSample } from '../../../src/domain/store/samples.ts';
import { codeOf, MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { listReadings } from '../../help/readings.ts';
import { emptyStore, type MakePlace } from './place.ts';

const told = ({ index, error }: { index: number; error: string }) => [index, error];

export function batches(makePlace: MakePlace) {
  test('past jobs are stored as they are given, and a job whose id is taken is refused alone', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJob({ id: 'a', user: 'alice', nodes: ['n1'] }, NOON_MS);
    const ended = { state: 'failed', startTimeMs: NOON_MS - 10, endTimeMs: NOON_MS - 5 } as const;
    const batch = [
      pastJob('a', { user: 'bob' }),
      pastJob('b', { nodes: ['n2', 'n1'], ...ended }),
      pastJob('b', { user: 'bob' }),
      pastJob('c', { state: 'pending' }),
    ];
    const { refusals, ...counts } = await store.createJobs(batch);
    expect(counts).toEqual({ stored: 2, repeated: 0, refused: 2 });
    expect(refusals.map(told)).toEqual([
      [0, 'conflict'],
      [2, 'conflict'],
    ]);
    for (const { message } of refusals) expect(message).toMatch(/"[ab]"/);
    expect((await store.getJob('a')).user).toBe('alice');
    expect(await store.getJob('b')).toEqual({ ...batch[1]!, cpuUsage: 0, memoryUsageMb: 0 });
    expect(await store.getJob('c')).toEqual({ ...batch[3]!, cpuUsage: 0, memoryUsageMb: 0 });
    expect((await store.countJobs()).created).toBe(3);
  });

  const end = { state: 'completed', endTimeMs: NOON_MS + 5 } as const;
  /** The stored job, the one that is sent, and whether it is a repeat. */
  const rows: [string, Partial<PastJob>, Partial<PastJob>, boolean][] = [
    ['the same', {}, {}, true],
    ['the same with an end', end, end, true],
    ['another user', {}, { user: 'bob' }, false],
    ['another state', {}, { state: 'pending' }, false],
    ['another start', {}, { startTimeMs: NOON_MS + 1 }, false],
    ['another start by the server’s clock', {}, { startTimeMs: NOON_MS + 1, stamped: true }, true],
    ['another end', end, { ...end, endTimeMs: NOON_MS + 6 }, false],
    ['one node more', {}, { nodes: ['n1', 'n2'] }, false],
    ['the nodes in another order', { nodes: ['n1', 'n2'] }, { nodes: ['n2', 'n1'] }, false],
  ];
  test.each(rows)(
    'a stored job that is sent again is a repeat or a conflict: %s',
    async (_, kept, given, isRepeat) => {
      await using place = await emptyStore(makePlace);
      await place.store.createJobs([pastJob('a', kept)]);
      const before = await place.store.getJob('a');
      const { refusals: _told, ...counts } = await place.store.createJobs([pastJob('a', given)]);
      expect(counts).toEqual({ stored: 0, repeated: Number(isRepeat), refused: Number(!isRepeat) });
      expect(await place.store.getJob('a')).toEqual(before);
      expect((await place.store.countJobs()).created).toBe(1);
    },
  );

  test('a batch stores samples of many jobs and refuses bad ones alone', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b')]);
    const { refusals, ...counts } = await store.recordSamples([
      { jobId: 'a', ...sample(1, { cpuUsage: 10 }) },
      { jobId: 'missing', ...sample(1) },
      { jobId: 'a', ...sample(2, { cpuUsage: 20, node: 'n2' }) },
      { jobId: 'a', ...sample(3, { node: 'n9' }) },
      { jobId: 'b', ...sample(4, { cpuUsage: 30 }) },
      { jobId: 'b', ...sample(3, { cpuUsage: 99, stamped: false }) },
      { jobId: 'missing', ...sample(1, { node: 'n1' }) },
    ]);
    expect(counts).toEqual({ stored: 4, repeated: 0, refused: 3 });
    expect(refusals.map(told)).toEqual([
      [1, 'not_found'],
      [3, 'validation_error'],
      [6, 'not_found'],
    ]);
    expect(refusals[0]!.message).toContain('missing');
    expect(refusals[1]!.message).toContain('n9');
    expect((await listReadings(store, 'a', {}, 10)).total).toBe(2);
    expect((await listReadings(store, 'b', {}, 10)).total).toBe(2);
    expect(await store.getJob('a')).toMatchObject({ cpuUsage: 15, memoryUsageMb: 2000 });
    expect(await store.getJob('b')).toMatchObject({ cpuUsage: 30 });
  });

  /** Stored samples of job a, a batch, and the indexes of its samples that are stored. */
  const at = (atMs: number, node?: string): JobSample => ({
    jobId: 'a',
    ...sample(atMs, { stamped: false, ...(node !== undefined && { node }) }),
  });
  const stamped = (atMs: number): JobSample => ({ jobId: 'a', ...sample(atMs) });
  const batches: [string, kept: JobSample[], batch: JobSample[], stored: number[]][] = [
    ['newer than all', [at(1), at(2)], [at(3), at(4)], [0, 1]],
    ['all known', [at(1), at(2), at(3)], [at(1), at(2), at(3)], []],
    ['known in another order', [at(3), at(1), at(2)], [at(2), at(3), at(1)], []],
    ['between the known', [at(1), at(3)], [at(2), at(3), at(4)], [0, 2]],
    ['older than all', [at(5)], [at(3), at(1), at(2)], [0, 1, 2]],
    ['twice in the batch', [], [at(1), at(1), at(2), at(1)], [0, 2]],
    ['twice in the batch, going back', [at(9)], [at(3), at(2), at(3), at(2)], [0, 1]],
    ['of another node', [at(1), at(2, 'n2')], [at(1, 'n2'), at(2, 'n2'), at(2)], [0, 2]],
    ['of the first node by its name', [at(1)], [at(1, 'n1'), at(2, 'n1'), at(2), at(3)], [1, 3]],
    ['stamped', [stamped(1)], [stamped(1), stamped(1)], [0, 1]],
    ['of a stamped one', [stamped(1)], [at(1), stamped(2), at(2)], [1]],
    ['known, after the clock went back', [at(5), stamped(2)], [at(5), at(4), at(2)], [1]],
  ];
  test.each(batches)('a batch stores only samples that are new: %s', async (_, kept, batch, stored) => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] })]);
    const marked = batch.map((one, index) => ({ ...one, memoryUsageMb: index }));
    for (const { jobId, ...one } of kept) await store.recordSample(jobId, one);
    const result = await store.recordSamples(marked);
    const counts = { stored: stored.length, repeated: batch.length - stored.length };
    expect(result).toEqual({ ...counts, refused: 0, refusals: [] });
    const { samples, total } = await listReadings(store, 'a', {}, 100);
    expect(total).toBe(kept.length + stored.length);
    const places = samples.map(({ memoryUsageMb }) => memoryUsageMb).filter((place) => place < 1000);
    expect(places.sort()).toEqual(stored);
    expect(await store.recordSamples(batch.filter((one) => !one.stamped))).toMatchObject({ stored: 0 });
  });

  test('a stored time is a repeat also after a patch has changed the usage', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    await store.recordSamples([at(1)]);
    await store.updateJob('a', { cpuUsage: 7 }, NOON_MS + 10);
    expect(await store.recordSamples([at(1), at(2)])).toMatchObject({ stored: 1, repeated: 1 });
    expect(await store.getJob('a')).toMatchObject({ cpuUsage: 7 });
  });

  test('a sealed time is a repeat, and a time between sealed ones is stored', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b')]);
    const list = Array.from({ length: 3000 }, (_, index) => at(index * 10));
    await store.recordSamples([...list, at(7, 'n2')]);
    await store.recordSample('b', sample(0));
    while (await store.expire({}, NOON_MS + 600 * MINUTE_MS));
    expect((await listReadings(store, 'a', {}, 1)).total).toBe(3001);
    const late = [at(5), at(29_985), at(30_000)];
    const batch = [...list, ...late, at(7, 'n2'), at(0, 'n2')];
    expect(await store.recordSamples(batch)).toMatchObject({ stored: 4, repeated: 3001 });
    expect(await store.recordSamples(batch)).toMatchObject({ stored: 0, repeated: 3005 });
    expect((await listReadings(store, 'a', {}, 1)).total).toBe(3005);
  });

  test('a repeat does not change the usage, and a single sample of a stored time is stored again', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    await store.recordSamples([{ ...at(1), cpuUsage: 10, gpuUsage: 5 }]);
    await store.recordSamples([{ ...at(1), cpuUsage: 99, gpuUsage: 99 }]);
    expect(await store.getJob('a')).toMatchObject({ cpuUsage: 10, gpuUsage: 5 });
    await store.recordSample('a', sample(1, { cpuUsage: 20, stamped: false }));
    expect((await listReadings(store, 'a', {}, 10)).total).toBe(2);
    expect(await store.getJob('a')).toMatchObject({ cpuUsage: 20, gpuUsage: 5 });
  });

  test('a job has the same summary whether its samples came in batches or one by one', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b', { nodes: ['n1', 'n2'] })]);
    const list = [at(3), at(9, 'n2'), at(1), at(2, 'n2')].map((one, index) => ({
      ...one,
      cpuUsage: 10 * index,
      memoryUsageMb: 100 + index,
      ...(index > 1 && { gpuUsage: index }),
    }));
    for (const { jobId: _id, ...one } of list) await store.recordSample('b', one);
    await store.recordSamples(list.slice(0, 3));
    await store.recordSamples(list.slice(3));
    expect(await store.summarizeJob('a')).toEqual(await store.summarizeJob('b'));
    expect((await store.summarizeJob('a')).whole.samples).toBe(4);
  });

  test('a batch of 100,000 samples lets a single write pass, and is all repeats when it is sent again', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs(Array.from({ length: 50 }, (_, index) => pastJob(`job-${index}`)));
    await store.createJobs([pastJob('single')]);
    const list = Array.from({ length: 100_000 }, (_, index) => ({
      jobId: `job-${index % 50}`,
      ...sample(Math.floor(index / 50), { stamped: false }),
    }));
    const answered: string[] = [];
    const writing = store.recordSamples(list).finally(() => answered.push('batch'));
    await Bun.sleep(1);
    await store.recordSample('single', sample(0)).finally(() => answered.push('single'));
    expect(await writing).toEqual({ stored: 100_000, repeated: 0, refused: 0, refusals: [] });
    expect(answered).toEqual(['single', 'batch']);
    expect(await store.recordSamples(list)).toMatchObject({ stored: 0, repeated: 100_000 });
  });

  test('a batch of jobs with many nodes lets a single write pass, and names the rows that it refuses', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('taken'), pastJob('single')]);
    const nodes = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const list = Array.from({ length: 300 }, (_, index) => pastJob(`job-${index}`, { nodes }));
    list[250] = pastJob('taken', { user: 'somebody else' });
    const answered: string[] = [];
    const writing = store.createJobs(list).finally(() => answered.push('batch'));
    await Bun.sleep(1);
    await store.recordSample('single', sample(0)).finally(() => answered.push('single'));
    const { refusals, ...counts } = await writing;
    expect(answered).toEqual(['single', 'batch']);
    expect(counts).toEqual({ stored: 299, repeated: 0, refused: 1 });
    expect(refusals).toMatchObject([{ index: 250, error: 'conflict' }]);
  });

  test('a second full batch is refused while the first waits for the disk', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const list = Array.from({ length: 100_000 }, (_, index) => at(index));
    const codes = await Promise.all([
      codeOf(store.recordSamples(list)),
      codeOf(store.recordSamples(list)),
      codeOf(store.createJobs([pastJob('b')])),
    ]);
    expect(codes.slice(0, 2)).toEqual(['none', 'unavailable']);
    expect(await codeOf(store.recordSamples(list))).toBe('none');
  });

  test('only the first 100 refusals are explained, and all are counted', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const missing = Array.from({ length: 300 }, (_, index) => ({
      jobId: `no-${index % 7}`,
      ...sample(index),
    }));
    const { refusals, ...counts } = await store.recordSamples([at(1), ...missing, at(2)]);
    expect(counts).toEqual({ stored: 2, repeated: 0, refused: 300 });
    expect(refusals.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    const others = Array.from({ length: 150 }, () => pastJob('a', { user: 'bob' }));
    const jobs = await store.createJobs(others);
    expect([jobs.refused, jobs.refusals.length, jobs.refusals[99]!.index]).toEqual([150, 100, 99]);
  });

  test('empty batches store nothing and refuse nothing', async () => {
    await using place = await emptyStore(makePlace);
    const nothing = { stored: 0, repeated: 0, refused: 0, refusals: [] };
    expect(await place.store.createJobs([])).toEqual(nothing);
    expect(await place.store.recordSamples([])).toEqual(nothing);
  });

  test('writes that arrive together succeed or fail one by one, in the order of arrival', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const job = { id: 'a', user: 'alice', nodes: ['n1'] };
    const codes = await Promise.all([
      codeOf(store.recordSample('a', sample(0))),
      codeOf(store.createJob(job, NOON_MS)),
      codeOf(store.createJob(job, NOON_MS)),
      codeOf(store.recordSample('a', sample(1, { node: 'n9' }))),
      codeOf(store.recordSample('a', sample(1))),
      codeOf(store.updateJob('a', { state: 'failed' }, NOON_MS)),
      codeOf(store.deleteJob('a')),
      codeOf(store.updateJob('a', { state: 'running' }, NOON_MS)),
      codeOf(store.createJob(job, NOON_MS + 1)),
    ]);
    expect(codes).toEqual([
      'not_found',
      'none',
      'conflict',
      'validation_error',
      'none',
      'none',
      'none',
      'not_found',
      'none',
    ]);
    expect(await store.getJob('a')).toMatchObject({ state: 'running', startTimeMs: NOON_MS + 1 });
    expect((await listReadings(store, 'a', {}, 10)).total).toBe(0);
  });

  test('a large batch sees every write that was submitted before it', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const samples = (jobId: string) => Array.from({ length: 600 }, (_, atMs) => ({ jobId, ...sample(atMs) }));
    await store.createJobs([pastJob('gone')]);
    const report: Report = {
      source: 'squeue',
      observedMs: NOON_MS,
      id: 'c',
      user: 'alice',
      nodes: ['n1'],
      state: 'running',
      startTimeMs: NOON_MS,
    };
    const [, ofA, , ofB, , ofC, , ofGone] = await Promise.all([
      store.createJob({ id: 'a', user: 'alice', nodes: ['n1'] }, NOON_MS),
      store.recordSamples(samples('a')),
      store.createJobs([pastJob('b')]),
      store.recordSamples(samples('b')),
      store.applyReports([report]),
      store.recordSamples(samples('c')),
      store.deleteJob('gone'),
      store.recordSamples(samples('gone')),
    ]);
    expect([ofA, ofB, ofC, ofGone].map(({ stored }) => stored)).toEqual([600, 600, 600, 0]);
  });

  test('a repeat is recognized also among samples that came late and out of order', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJob({ id: 'a', user: 'alice', nodes: ['n1'] }, NOON_MS);
    const batchOf = (minutes: number[]): JobSample[] =>
      minutes.map((minute) => ({ jobId: 'a', ...sample(minute * MINUTE_MS, { stamped: false }) }));
    for (const minute of [100, 7, 110, 3, 90, 91, 92]) {
      expect(await place.store.recordSamples(batchOf([minute]))).toMatchObject({ stored: 1 });
    }
    await place.reopen();
    for (const minutes of [[100], [110], [7, 100], [3, 8], [92, 110]]) {
      const stored = minutes.includes(8) ? 1 : 0;
      const repeated = minutes.length - stored;
      expect(await place.store.recordSamples(batchOf(minutes))).toMatchObject({ stored, repeated });
    }
  });

  test('a read does not wait for a write, and sees none of it before its commit', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const batch = Array.from({ length: 3000 }, (_, index) => pastJob(`job-${index}`));
    const writing = store.createJobs(batch).then(() => 'write');
    const reading = store.countJobs().then(({ created }) => `read ${created}`);
    expect(await Promise.race([writing, reading])).toBe('read 0');
    await writing;
    expect((await store.countJobs()).created).toBe(3000);
  });
}
