import { expect, test } from 'bun:test';
import type { OwnSight, Sight } from '../../../src/domain/caller.ts';
import { pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const flatten = async <Row>(pages: AsyncIterable<Row[]>): Promise<Row[]> =>
  (await Array.fromAsync(pages)).flat();

const ALICE: OwnSight = { user: 'alice', accounts: [] };
/** Coordinates an account, and has jobs of her own in another. */
const CAROL: OwnSight = { user: 'carol', accounts: ['physics'] };

export function overview(makePlace: MakePlace) {
  test('running jobs are read with their details and the usage of all their nodes', async () => {
    await using place = await emptyStore(makePlace);
    const details = { name: 'train', account: 'physics', partition: 'gpu', qos: 'long' };
    const sizes = { cpus: 8, memoryLimitMb: 4096, gpus: 2, timeLimitSeconds: 3600, suspendedSeconds: 5 };
    await place.store.createJobs([
      pastJob('b', { nodes: ['n1', 'n2', 'n3'], details: { ...details, ...sizes } }),
      pastJob('a', { startTimeMs: NOON_MS - 1 }),
      pastJob('waits', { state: 'pending' }),
      pastJob('done', { state: 'completed', endTimeMs: NOON_MS + 1 }),
    ]);
    await place.store.recordSample('b', sample(1, { cpuUsage: 10, memoryUsageMb: 100, gpuUsage: 40 }));
    await place.store.recordSample('b', sample(2, { node: 'n3', cpuUsage: 30, memoryUsageMb: 300 }));
    const bare = { user: 'alice', nodes: 1, suspendedSeconds: 0, cpuUsage: 0, memoryUsageMb: 0 };
    expect(await flatten(place.store.runningJobs())).toEqual([
      { ...bare, id: 'a', startTimeMs: NOON_MS - 1 },
      {
        ...{ id: 'b', user: 'alice', name: 'train', account: 'physics', partition: 'gpu' },
        ...{ ...sizes, nodes: 3, startTimeMs: NOON_MS },
        ...{ cpuUsage: 20, memoryUsageMb: 400, gpuUsage: 40, usageTimeMs: NOON_MS + 2 },
      },
    ]);
  });

  test('ended jobs are read from a time on, the latest end first', async () => {
    await using place = await emptyStore(makePlace);
    const ended = (id: string, atMs: number) =>
      pastJob(id, { state: 'failed', endTimeMs: NOON_MS + atMs, details: { rawState: 'TIMEOUT' } });
    await place.store.createJobs([ended('old', 9), ended('edge', 10), ended('new', 11), pastJob('runs')]);
    await place.store.applyReports([
      {
        ...{ source: 'jobcomp', observedMs: NOON_MS + 20, id: 'waited', user: 'bob', account: 'physics' },
        ...{ state: 'cancelled', submitTimeMs: NOON_MS, endTimeMs: NOON_MS + 20 },
      },
    ]);
    const common = { user: 'alice', state: 'failed', rawState: 'TIMEOUT', node: 'n1', suspendedSeconds: 0 };
    expect(await flatten(place.store.endedJobs(NOON_MS + 10))).toEqual([
      {
        ...{ id: 'waited', user: 'bob', account: 'physics', state: 'cancelled' },
        ...{ endTimeMs: NOON_MS + 20, suspendedSeconds: 0 },
      },
      { ...common, id: 'new', startTimeMs: NOON_MS, endTimeMs: NOON_MS + 11 },
      { ...common, id: 'edge', startTimeMs: NOON_MS, endTimeMs: NOON_MS + 10 },
    ] as never);
  });

  test('somebody with narrow sight reads only the jobs and ends that are theirs', async () => {
    await using place = await emptyStore(makePlace);
    const jobs = [
      ['alice', 'physics'],
      ['alice', 'chem'],
      ['bob', 'physics'],
      ['bob', 'chem'],
      ['carol', undefined],
    ] as const;
    const jobsOf = (kind: string, fields: object) =>
      jobs.map(([user, account]) =>
        pastJob(`${kind} ${user} ${account}`, {
          user,
          ...(account && { details: { account } }),
          ...fields,
        }),
      );
    await place.store.createJobs([
      ...jobsOf('run', {}),
      ...jobsOf('end', { state: 'failed', endTimeMs: NOON_MS + 1 }),
    ]);
    const seenBy = async (sight: Sight) => {
      const view = place.store.seenBy(sight);
      const running = (await flatten(view.runningJobs())).map(({ id }) => id.replace('run ', ''));
      const ended = (await flatten(view.endedJobs(0))).map(({ id }) => id.replace('end ', ''));
      expect(ended.sort()).toEqual(running.sort());
      return running;
    };
    expect(await seenBy('all')).toHaveLength(5);
    expect(await seenBy(ALICE)).toEqual(['alice chem', 'alice physics']);
    expect(await seenBy(CAROL)).toEqual(['alice physics', 'bob physics', 'carol undefined']);
    expect(await seenBy({ user: 'nobody', accounts: [] })).toEqual([]);
  });

  test('more jobs than a page holds are read once each', async () => {
    await using place = await emptyStore(makePlace);
    const ids = Array.from({ length: 501 }, (_, index) => `${1000 + index}`);
    await place.store.createJobs(ids.map((id) => pastJob(id)));
    await place.store.createJobs(
      ids.map((id) => pastJob(`end ${id}`, { state: 'completed', endTimeMs: NOON_MS })),
    );
    expect((await flatten(place.store.runningJobs())).map(({ id }) => id)).toEqual(ids);
    expect(await flatten(place.store.endedJobs(NOON_MS))).toHaveLength(501);
  });

  test('the history of the cluster is read back with what was known, in the order of time', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    expect(await store.lastHistoryMs()).toBeUndefined();
    const full = { timeMs: NOON_MS, running: 3, pending: 0, cpusUsed: 1.5, completed: 2 };
    await store.recordHistory([{ timeMs: NOON_MS + 10, running: 1 }, full, { timeMs: NOON_MS - 10 }]);
    await store.recordHistory([{ timeMs: NOON_MS + 10, running: 2 }]);
    const read = (sinceMs: number, untilMs: number) => flatten(store.readHistory(sinceMs, untilMs));
    expect(await read(0, NOON_MS + 10)).toEqual([
      { timeMs: NOON_MS - 10 },
      full,
      { timeMs: NOON_MS + 10, running: 2 },
    ]);
    expect(await read(NOON_MS, NOON_MS + 9)).toEqual([full]);
    expect(await store.lastHistoryMs()).toBe(NOON_MS + 10);
  });

  test('the history is deleted after 90 days', async () => {
    await using place = await emptyStore(makePlace);
    const days = (count: number) => NOON_MS - count * 86_400_000;
    const rows = [days(91), days(90), days(1)].map((timeMs) => ({ timeMs, running: 1 }));
    await place.store.recordHistory(rows);
    while (await place.store.expire({}, NOON_MS));
    expect(await flatten(place.store.readHistory(0, NOON_MS))).toEqual(rows.slice(1));
  });
}
