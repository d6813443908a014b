import { expect, test } from 'bun:test';
import { NOON_MS } from '../../help/service.ts';
import { codeOf, emptyStore, type MakePlace, pastJob, sample } from './help.ts';

const told = ({ index, error }: { index: number; error: string }) => [index, error];

export function batches(makePlace: MakePlace) {
  test('jobs of the past are kept as they were; an id that exists is refused by itself', async () => {
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
    const { stored, refused } = await store.createJobs(batch);
    expect(stored).toBe(2);
    expect(refused.map(told)).toEqual([
      [0, 'conflict'],
      [2, 'conflict'],
    ]);
    for (const { message } of refused) expect(message).toMatch(/"[ab]"/);
    expect((await store.getJob('a')).user).toBe('alice');
    expect(await store.getJob('b')).toEqual({ ...batch[1]!, cpuUsage: 0, memoryUsageMb: 0 });
    expect(await store.getJob('c')).toEqual({ ...batch[3]!, cpuUsage: 0, memoryUsageMb: 0 });
    expect((await store.countJobs()).created).toBe(3);
  });

  test('samples of many jobs are kept; what cannot be is refused by itself', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a', { nodes: ['n1', 'n2'] }), pastJob('b')]);
    const { stored, refused } = await store.recordSamples([
      { jobId: 'a', ...sample(1, { cpuUsage: 10 }) },
      { jobId: 'missing', ...sample(1) },
      { jobId: 'a', ...sample(2, { cpuUsage: 20, node: 'n2' }) },
      { jobId: 'a', ...sample(3, { node: 'n9' }) },
      { jobId: 'b', ...sample(4, { cpuUsage: 30 }) },
      { jobId: 'b', ...sample(3, { cpuUsage: 99, stamped: false }) },
    ]);
    expect(stored).toBe(4);
    expect(refused.map(told)).toEqual([
      [1, 'not_found'],
      [3, 'validation_error'],
    ]);
    expect(refused[0]!.message).toContain('missing');
    expect(refused[1]!.message).toContain('n9');
    expect((await store.listSamples('a', {}, 10)).total).toBe(2);
    expect((await store.listSamples('b', {}, 10)).total).toBe(2);
    expect(await store.getJob('a')).toMatchObject({ cpuUsage: 15, memoryUsageMb: 2000 });
    expect(await store.getJob('b')).toMatchObject({ cpuUsage: 30 });
  });

  test('empty batches store nothing and refuse nothing', async () => {
    await using place = await emptyStore(makePlace);
    expect(await place.store.createJobs([])).toEqual({ stored: 0, refused: [] });
    expect(await place.store.recordSamples([])).toEqual({ stored: 0, refused: [] });
  });

  test('writes that arrive together each end by themselves, in the order of arrival', async () => {
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
    expect((await store.listSamples('a', {}, 10)).total).toBe(0);
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
