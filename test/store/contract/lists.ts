import { expect, test } from 'bun:test';
import { createRandom } from '../../../src/demo/random.ts';
import type { PastJob } from '../../../src/domain/job.ts';
import { hasEnded, JOB_STATES, type JobState } from '../../../src/domain/job.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import { MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { seeds } from '../../help/seeds.ts';
import { emptyStore, type MakePlace } from './place.ts';

const USERS = ['alice', 'bob', 'carol'];
const NODES = ['n1', 'n2', 'n3', 'n10'];

/** The documented filters with at most one value each. */
interface Filter {
  readonly state?: JobState;
  readonly user?: string;
  readonly node?: string;
}

/** Returns the ids of a list, computed from an array of the jobs. */
function naiveList(jobs: readonly PastJob[], { state, user, node }: Filter): string[] {
  return jobs
    .filter((job) => state === undefined || job.state === state)
    .filter((job) => user === undefined || job.user === user)
    .filter((job) => node === undefined || job.nodes.includes(node))
    .sort((a, b) => b.startTimeMs - a.startTimeMs || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)))
    .map((job) => job.id);
}

/** Every combination of filters: none, each, each pair, all three, with known and unknown values. */
const FILTERS: Filter[] = [undefined, ...JOB_STATES].flatMap((state) =>
  [undefined, 'alice', 'bob', 'nobody'].flatMap((user) =>
    [undefined, 'n1', 'n10', 'n', 'alice'].map((node) => ({
      ...(state && { state }),
      ...(user && { user }),
      ...(node && { node }),
    })),
  ),
);

/** Creates some hundred jobs with many equal start times, then changes, deletes and re-creates some. */
async function fillAtRandom(store: Store, seed: number): Promise<PastJob[]> {
  const random = createRandom(seed);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)]!;
  const kept = new Map<string, PastJob>();
  const makeJob = (id: string): PastJob => {
    const state = pick(JOB_STATES);
    const startTimeMs = NOON_MS + Math.floor(random() * 30);
    const nodes = NODES.filter(() => random() < 0.5);
    const ended = hasEnded(state) && { endTimeMs: startTimeMs + MINUTE_MS };
    return pastJob(id, {
      user: pick(USERS),
      nodes: nodes.length > 0 ? nodes : ['n1'],
      state,
      startTimeMs,
      ...ended,
    });
  };
  const past = Array.from({ length: 200 }, (_, index) => makeJob(`job-${index}`));
  await store.createJobs(past);
  for (const job of past) kept.set(job.id, job);
  for (let index = 0; index < 60; index++) {
    const { user, nodes, startTimeMs } = makeJob('');
    const job = pastJob(`🧪-${index}`, { user, nodes, startTimeMs });
    await store.createJob({ id: job.id, user, nodes }, startTimeMs);
    kept.set(job.id, job);
  }
  for (let step = 0; step < 150; step++) {
    const job = pick([...kept.values()]);
    if (random() < 0.3) {
      await store.deleteJob(job.id);
      kept.delete(job.id);
      if (random() < 0.5) {
        const again = makeJob(job.id);
        await store.createJobs([again]);
        kept.set(job.id, again);
      }
    } else {
      const state = pick(JOB_STATES);
      await store.updateJob(job.id, { state }, NOON_MS + MINUTE_MS);
      kept.set(job.id, { ...job, state });
    }
  }
  return [...kept.values()];
}

export function lists(makePlace: MakePlace) {
  test.each(seeds(3))(
    'pages and totals equal those of an array filter after random writes (seed %d)',
    async (seed) => {
      await using place = await emptyStore(makePlace);
      const jobs = await fillAtRandom(place.store, seed);
      for (const filter of FILTERS) {
        const expected = naiveList(jobs, filter);
        const all = await place.store.listJobs(filter, { limit: 1000, offset: 0 });
        const page = await place.store.listJobs(filter, { limit: 7, offset: 5 });
        expect({ filter, ids: all.jobs.map(({ id }) => id) }).toEqual({ filter, ids: expected });
        expect({ filter, total: all.total }).toEqual({ filter, total: expected.length });
        expect({ filter, ids: page.jobs.map(({ id }) => id) }).toEqual({
          filter,
          ids: expected.slice(5, 12),
        });
        expect({ filter, total: page.total }).toEqual({ filter, total: expected.length });
      }
      const { states } = await place.store.countJobs();
      for (const state of JOB_STATES)
        expect(states[state]).toBe(jobs.filter((job) => job.state === state).length);
    },
  );

  test('a list shows each job as it is read by itself', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const ended = { state: 'failed', endTimeMs: NOON_MS + 5 } as const;
    await store.createJobs([pastJob('a', { nodes: ['n2', 'n1'] }), pastJob('b', ended), pastJob('c')]);
    await store.updateJob('a', { cpuUsage: 10, memoryUsageMb: 20, gpuUsage: 30 }, NOON_MS);
    const { jobs } = await store.listJobs({}, { limit: 10, offset: 0 });
    expect(jobs).toEqual([await store.getJob('a'), await store.getJob('b'), await store.getJob('c')]);
  });

  test('a page past the end is empty and still has the total', async () => {
    await using place = await emptyStore(makePlace);
    await place.store.createJobs([pastJob('a'), pastJob('b')]);
    expect(await place.store.listJobs({}, { limit: 5, offset: 2 })).toEqual({ jobs: [], total: 2 });
    expect(await place.store.listJobs({}, { limit: 5, offset: Number.MAX_SAFE_INTEGER })).toEqual({
      jobs: [],
      total: 2,
    });
  });
}
