import { expect, test } from 'bun:test';
import type { JobFilter, JobPosition, Page } from '../../../src/domain/list.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { codeOf, MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { isThorough, seeds } from '../../help/seeds.ts';
import { countTurns } from '../../help/turns.ts';
import {
  fill,
  idsOf,
  isWanted,
  makeJob,
  NOW_MS,
  ORDERS,
  randomFilter,
  randomTools,
  sorted,
} from './lists-model.ts';
import { emptyStore, type MakePlace } from './place.ts';

/** Returns the ids of all pages of a list, read by cursor. */
async function collect(
  store: Store,
  filter: JobFilter,
  page: Page,
  between = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let after: JobPosition | undefined;
  do {
    const { jobs, next } = await store.listJobs(filter, { ...page, ...(after && { after }) });
    expect(jobs.length).toBeLessThanOrEqual(page.limit);
    if (next) expect(jobs).toHaveLength(page.limit);
    ids.push(...idsOf(jobs));
    after = next;
    await between();
  } while (after);
  return ids;
}

async function collectStream(store: Store, filter: JobFilter, start: Parameters<Store['streamJobs']>[1]) {
  const ids: string[] = [];
  for await (const jobs of store.streamJobs(filter, start)) ids.push(...idsOf(jobs));
  return ids;
}

export function anyLists(makePlace: MakePlace) {
  test.each(seeds(3))('any filter in any order equals an array filter and sort (seed %d)', async (seed) => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const tools = randomTools(seed);
    const jobs = await fill(store, 300, tools);
    for (let round = 0; round < 150; round++) {
      const filter = round === 0 ? {} : randomFilter(tools);
      const order = tools.pick(ORDERS);
      const expected = idsOf(
        sorted(
          jobs.filter((job) => isWanted(job, filter)),
          order,
        ),
      );
      const page = { order, nowMs: NOW_MS, limit: 1 + tools.below(120) };
      const offset = tools.below(50);
      const part = await store.listJobs(filter, { ...page, offset });
      const shown = { filter, order };
      expect({ ...shown, total: part.total }).toEqual({ ...shown, total: expected.length });
      expect({ ...shown, ids: idsOf(part.jobs) }).toEqual({
        ...shown,
        ids: expected.slice(offset, offset + page.limit),
      });
      expect(part.next !== undefined).toBe(offset + page.limit < expected.length);
      expect({ ...shown, ids: await collect(store, filter, page) }).toEqual({ ...shown, ids: expected });
      const start = { order, nowMs: NOW_MS, limit: page.limit, offset };
      expect({ ...shown, ids: await collectStream(store, filter, start) }).toEqual({
        ...shown,
        ids: expected.slice(offset, offset + page.limit),
      });
    }
  });

  test('any list of more jobs than one slice holds equals an array filter and sort', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const tools = randomTools(4);
    const jobs = await fill(store, 3000, tools);
    const filters: JobFilter[] = [
      {},
      { text: 'job' },
      { node: ['n1', 'n2'] },
      { text: '-17' },
      { node: ['n1', 'n2'], text: '7' },
      { state: ['failed', 'running'], sinceMs: NOON_MS },
      { ranges: { wait: { min: 5 * MINUTE_MS }, cpuUsage: { max: 7 } }, details: { name: '*a*' } },
    ];
    // The others are read as the wait is.
    const orders = ORDERS.filter(({ sort }) => sort !== 'nodes' && sort !== 'cpus' && sort !== 'gpus');
    // Each sort is read one way or the other.
    const tried = orders.filter(({ isAscending }, place) => isThorough || isAscending === place % 4 < 2);
    for (const order of tried) {
      // Sorted once for all filters, because sorting takes longer than the lists.
      const ordered = sorted(jobs, order);
      for (const filter of filters) {
        const expected = idsOf(ordered.filter((job) => isWanted(job, filter)));
        const page = { order, nowMs: NOW_MS, limit: 20 };
        const shown = { filter, order };
        for (const left of [5, 25, 2200, expected.length]) {
          const offset = Math.max(0, expected.length - left);
          const part = await store.listJobs(filter, { ...page, offset });
          expect({ ...shown, offset, total: part.total }).toEqual({
            ...shown,
            offset,
            total: expected.length,
          });
          expect({ ...shown, offset, ids: idsOf(part.jobs) }).toEqual({
            ...shown,
            offset,
            ids: expected.slice(offset, offset + 20),
          });
        }
        const all = await collectStream(store, filter, { order, nowMs: NOW_MS });
        expect({ ...shown, ids: all }).toEqual({ ...shown, ids: expected });
        const rest = await collectStream(store, filter, { order, nowMs: NOW_MS, offset: 30 });
        expect({ ...shown, ids: rest }).toEqual({ ...shown, ids: expected.slice(30) });
      }
    }
  }, 120_000);

  test.each(ORDERS)(
    'jobs created between pages by $sort (ascending: $isAscending) shift no other job',
    async (order) => {
      await using place = await emptyStore(makePlace);
      const { store } = place;
      const tools = randomTools(5);
      const before = await fill(store, 120, tools);
      let arrived = 0;
      const arrive = async () => {
        if (arrived >= 60) return;
        await store.createJobs([makeJob(`new-${arrived++}`, tools), makeJob(`0new-${arrived++}`, tools)]);
        await store.createJob({ id: `now-${arrived++}`, user: 'alice', nodes: ['n1'] }, NOW_MS + arrived);
      };
      for (const filter of [
        {},
        { state: ['running', 'failed'] as const },
        { node: ['n1', 'n2'] },
        { text: '-1' },
      ]) {
        const ids = await collect(store, filter, { order, nowMs: NOW_MS, limit: 7 }, arrive);
        expect(new Set(ids).size).toBe(ids.length);
        const wanted = idsOf(
          sorted(
            before.filter((job) => isWanted(job, filter)),
            order,
          ),
        );
        expect(ids.filter((id) => wanted.includes(id))).toEqual(wanted);
      }
      expect(arrived).toBe(60);
    },
  );

  test('jobs that end between pages by runtime keep their place', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const jobs = Array.from({ length: 30 }, (_, index) =>
      pastJob(`job-${index}`, { startTimeMs: NOON_MS + index * MINUTE_MS }),
    );
    await store.createJobs(jobs);
    const order = { sort: 'runtime', isAscending: true } as const;
    let ended = 30;
    const end = async () => {
      ended -= 7;
      for (let index = Math.max(0, ended); index < 30; index++)
        await store.updateJob(`job-${index}`, { state: 'completed' }, NOW_MS + 100 * MINUTE_MS);
    };
    const ids = await collect(store, {}, { order, nowMs: NOW_MS, limit: 4 }, end);
    expect(ids).toEqual(idsOf(jobs as never).reverse());
  });

  test('an offset above 100,000 is refused in a scan, but not in a list from an index', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a')]);
    const order = { sort: 'cpuUsage', isAscending: true } as const;
    expect(await codeOf(store.listJobs({}, { limit: 1, offset: 100_001, order }))).toBe('validation_error');
    expect(await codeOf(store.listJobs({ text: 'a' }, { limit: 1, offset: 100_001 }))).toBe(
      'validation_error',
    );
    expect(await codeOf(store.listJobs({ text: 'a' }, { limit: 1, offset: 100_000 }))).toBe('none');
    expect(await codeOf(store.listJobs({ user: 'alice', node: 'n1' }, { limit: 1, offset: 100_001 }))).toBe(
      'none',
    );
    const several = { state: ['failed', 'cancelled'], user: ['alice', 'bob'] } as const;
    expect(await codeOf(store.listJobs(several, { limit: 1, offset: 100_001 }))).toBe('none');
  });

  test('a scan of many jobs leaves turns of the event loop to other work', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await fill(store, 9000, randomTools(6));
    const turns = countTurns();
    const lists = Array.from({ length: 10 }, () => store.listJobs({ text: 'zzz' }, { limit: 1 }));
    expect((await Promise.all(lists)).map(({ total }) => total)).toEqual(Array(10).fill(0));
    expect(turns.stop()).toBeGreaterThan(5);
  });

  test('a list rejects when its signal is aborted, before or while it is read', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await fill(store, 9000, randomTools(8));
    const abort = new AbortController();
    const listing = store.listJobs({ text: 'zzz' }, { limit: 1 }, abort.signal);
    // After the first slice, in which it is not read whole.
    setImmediate(() => abort.abort(new Error('gone')));
    expect(listing).rejects.toThrow('gone');
    await listing.catch(() => {});
    expect(store.listJobs({}, { limit: 1 }, abort.signal)).rejects.toThrow('gone');
    expect(Array.fromAsync(store.streamJobs({}, {}, abort.signal))).rejects.toThrow('gone');
    expect((await store.listJobs({ text: '-' }, { limit: 1 })).total).toBe(9000);
  });

  test('a stream that is left early does not disturb later reads', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await fill(store, 1200, randomTools(7));
    for (const filter of [{}, { text: 'job' }]) {
      for await (const jobs of store.streamJobs(filter, {})) {
        expect(jobs.length).toBeGreaterThan(0);
        break;
      }
    }
    expect((await store.listJobs({ text: '-' }, { limit: 1 })).total).toBe(1200);
  });
}
