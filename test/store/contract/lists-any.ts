import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import type { PastJob } from '../../../src/domain/job.ts';
import { hasEnded, JOB_STATES, type Job } from '../../../src/domain/job.ts';
import {
  JOB_SORTS,
  type JobFilter,
  type JobOrder,
  type JobPosition,
  type Page,
} from '../../../src/domain/list.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { codeOf, MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { countTurns } from '../../help/turns.ts';
import { emptyStore, type MakePlace } from './place.ts';

const USERS = ['alice', 'Bob', 'a,b', 'a', '100%_\\', 'zoë'];
const NODES = ['n1', 'n2', 'n3', 'n,4'];
const NOW_MS = NOON_MS + 60 * MINUTE_MS;

const ORDERS: JobOrder[] = JOB_SORTS.flatMap((sort) =>
  [false, true].map((isAscending) => ({ sort, isAscending })),
);

function randomTools(seed: number) {
  const random = createRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <Item>(items: readonly Item[]) => items[below(items.length)]!;
  const some = <Item>(items: readonly Item[]) => {
    const chosen = items.filter(() => random() < 0.4);
    return chosen.length > 0 ? chosen : [pick(items)];
  };
  return { random, below, pick, some };
}
type Tools = ReturnType<typeof randomTools>;

function makeJob(id: string, { random, below, pick, some }: Tools): PastJob {
  const state = pick(JOB_STATES);
  const startTimeMs = NOON_MS + below(40) * MINUTE_MS;
  return pastJob(id, {
    user: pick(USERS),
    nodes: some(NODES),
    state,
    startTimeMs,
    ...(hasEnded(state) && { endTimeMs: startTimeMs + Math.floor(random() * 20) * MINUTE_MS }),
  });
}

/** Jobs with many ties, some without any usage, some measured on several nodes; as they are read one by one. */
async function fill(store: Store, count: number, tools: Tools): Promise<Job[]> {
  const made = Array.from({ length: count }, (_, index) =>
    makeJob(`${tools.pick(['Job', 'x%', '🧪'])}-${index}`, tools),
  );
  await store.createJobs(made);
  const samples = made
    .filter(() => tools.random() < 0.7)
    .flatMap(({ id, nodes }) =>
      tools.some(nodes).map((node) => ({
        jobId: id,
        node,
        timeMs: NOON_MS,
        stamped: true,
        cpuUsage: tools.below(40) / 4,
        memoryUsageMb: tools.below(10) * 100,
        ...(tools.random() < 0.5 && { gpuUsage: tools.below(8) / 2 }),
      })),
    );
  await store.recordSamples(samples);
  return Promise.all(made.map(({ id }) => store.getJob(id)));
}

const listOf = <Value extends string>(value: Value | readonly Value[]) =>
  typeof value === 'string' ? [value] : value;

/** The names that are meant: a name with a comma that nobody has stands for its parts. */
const namesOf = (value: string | readonly string[], known: readonly string[]) =>
  listOf(value).flatMap((name) => (known.includes(name) ? [name] : name.split(',')));

const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

const runtimeMs = ({ startTimeMs, endTimeMs = NOW_MS }: Job) =>
  Math.max(0, Math.min(endTimeMs, NOW_MS) - startTimeMs!);

function isWanted(job: Job, { state, user, node, sinceMs, untilMs, minRuntimeMs, text }: JobFilter): boolean {
  return [
    state === undefined || listOf(state).includes(job.state),
    user === undefined || namesOf(user, USERS).includes(job.user),
    node === undefined || namesOf(node, NODES).some((name) => job.nodes.includes(name)),
    sinceMs === undefined || (job.endTimeMs ?? NOW_MS) >= sinceMs,
    untilMs === undefined || job.startTimeMs! <= untilMs,
    minRuntimeMs === undefined || runtimeMs(job) >= minRuntimeMs,
    text === undefined || [job.id, job.user].some((name) => lower(name).includes(lower(text))),
  ].every(Boolean);
}

const VALUE: Record<JobOrder['sort'], (job: Job) => number | undefined> = {
  startTime: (job) => job.startTimeMs,
  endTime: (job) => job.endTimeMs,
  runtime: runtimeMs,
  cpuUsage: (job) => job.cpuUsage,
  memoryUsage: (job) => job.memoryUsageMb,
  gpuUsage: (job) => job.gpuUsage,
};

function sorted(jobs: readonly Job[], { sort, isAscending }: JobOrder): Job[] {
  const byId = (a: Job, b: Job) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));
  const known = jobs.filter((job) => VALUE[sort](job) !== undefined);
  const unknown = jobs.filter((job) => VALUE[sort](job) === undefined);
  const sign = isAscending ? 1 : -1;
  known.sort((a, b) => sign * (VALUE[sort](a)! - VALUE[sort](b)!) || byId(a, b));
  return [...known, ...unknown.sort(byId)];
}

const idsOf = (jobs: readonly Job[]) => jobs.map(({ id }) => id);

const PARTS: ((tools: Tools) => JobFilter)[] = [
  ({ some }) => ({ state: some(JOB_STATES) }),
  ({ pick }) => ({ state: pick(JOB_STATES) }),
  ({ some }) => ({ user: some([...USERS, 'nobody']) }),
  ({ pick }) => ({ user: pick(['a,b', 'alice,a', 'alice,,nobody', 'x,y', ',', 'zoë']) }),
  ({ some }) => ({ node: some([...NODES, 'nowhere']) }),
  ({ pick }) => ({ node: pick(['n1', 'n1,n2', 'n,4', 'n1,nowhere', 'n2,n2']) }),
  ({ below }) => ({ sinceMs: NOON_MS + below(70) * MINUTE_MS }),
  ({ below }) => ({ untilMs: NOON_MS + below(50) * MINUTE_MS - 1 }),
  ({ below }) => ({ minRuntimeMs: below(40) * MINUTE_MS }),
  ({ pick }) => ({ text: pick(['job', 'B-1', 'ob', '%', '_', '\\', 'OË', 'oë', '-17', '🧪', 'zzz']) }),
];

const randomFilter = (tools: Tools): JobFilter =>
  Object.assign({}, ...tools.some(PARTS).map((part) => (tools.random() < 0.8 ? part(tools) : {})));

/** All pages of a list, one behind the other. */
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
  test.each([1, 2, 3])(
    'any filter in any order is that of a plain filter and sort (seed %d)',
    async (seed) => {
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
    },
  );

  test('so it is when there are more jobs than are looked at in one go', async () => {
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
    ];
    for (const order of ORDERS) {
      // In order once for all filters: to sort so many takes this test longer than the lists do.
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
  }, 60_000);

  test.each(ORDERS)(
    'jobs that arrive between pages by $sort (ascending: $isAscending) move nothing',
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

  test('jobs that end between pages by runtime stay where they were', async () => {
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

  test('a scan that is to skip too much is refused; a documented list is not', async () => {
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

  test('other work goes on while a scan looks at many jobs', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await fill(store, 9000, randomTools(6));
    const turns = countTurns();
    const lists = Array.from({ length: 10 }, () => store.listJobs({ text: 'zzz' }, { limit: 1 }));
    expect((await Promise.all(lists)).map(({ total }) => total)).toEqual(Array(10).fill(0));
    expect(turns.stop()).toBeGreaterThan(5);
  });

  test('a list ends when its client has gone, before or while it is read', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await fill(store, 9000, randomTools(8));
    const abort = new AbortController();
    const listing = store.listJobs({ text: 'zzz' }, { limit: 1 }, abort.signal);
    setTimeout(() => abort.abort(new Error('gone')), 1);
    expect(listing).rejects.toThrow('gone');
    await listing.catch(() => {});
    expect(store.listJobs({}, { limit: 1 }, abort.signal)).rejects.toThrow('gone');
    expect(Array.fromAsync(store.streamJobs({}, {}, abort.signal))).rejects.toThrow('gone');
    expect((await store.listJobs({ text: '-' }, { limit: 1 })).total).toBe(9000);
  });

  test('a stream that is left early leaves the store in order', async () => {
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
