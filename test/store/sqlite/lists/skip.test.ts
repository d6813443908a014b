import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createRandom } from '../../../../src/demo/random.ts';
import { JOB_STATES, type PastJob } from '../../../../src/domain/job.ts';
import type { JobFilter, JobPage, Page } from '../../../../src/domain/list.ts';
import type { Store } from '../../../../src/domain/store/store.ts';
import { openForReading } from '../../../../src/store/sqlite/file/connection.ts';
import { jobLister } from '../../../../src/store/sqlite/lists/lists.ts';
import { pastJob } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { openStore } from '../../../help/store.ts';

const folder = temporaryFolder();
const path = folder.file('skip.db');
const random = createRandom(11);
/** More jobs with one start time than SQLite may sort in one step. */
const CROWD = 3000;
let store: Store;

/**
 * The newest jobs are all running, so that the shares of the states differ there from those of the whole
 * list; then follow ties of two to nine jobs of all states, and among them a crowd that started in one
 * millisecond.
 */
const JOBS: PastJob[] = Array.from({ length: 12_000 }, (_, index) => {
  const isCrowd = index >= 5000 && index < 5000 + CROWD;
  const state = index < 2500 ? 'running' : JOB_STATES[Math.floor(random() * 5)]!;
  const startTimeMs = NOON_MS - (isCrowd ? 5000 : index - (index % (2 + Math.floor(random() * 8))));
  return pastJob(`job-${Math.floor(random() * 1e9)}-${index}`, {
    user: index % 3 === 0 ? 'alice' : 'bob',
    nodes: index % 2 === 0 ? ['n1', 'n2'] : ['n2'],
    state,
    startTimeMs,
    ...(state !== 'running' && state !== 'pending' && { endTimeMs: startTimeMs + 1 }),
  });
});

beforeAll(async () => {
  store = await openStore(path);
  await store.createJobs(JOBS);
});

afterAll(async () => {
  await store.close();
  folder[Symbol.dispose]();
});

const FILTERS: JobFilter[] = [
  {},
  { state: 'completed' },
  { state: ['completed', 'running'] },
  { user: 'alice' },
  { node: 'n1' },
  { node: 'n1', user: 'bob', state: ['failed', 'completed', 'running'] },
];

function expectedIds({ state, user, node }: JobFilter, isAscending: boolean): string[] {
  const sign = isAscending ? 1 : -1;
  return JOBS.filter((job) => state === undefined || [state].flat().includes(job.state))
    .filter((job) => user === undefined || job.user === user)
    .filter((job) => node === undefined || job.nodes.includes(node as string))
    .sort((a, b) => sign * (a.startTimeMs - b.startTimeMs) || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

test.each([false, true])(
  'pages at any offset equal those of a sorted array (ascending: %s)',
  async (isAscending) => {
    const order = { sort: 'startTime', isAscending } as const;
    for (const filter of FILTERS) {
      const ids = expectedIds(filter, isAscending);
      for (const share of [0.05, 0.1, 0.2, 0.3, 0.4, 0.42, 0.5, 0.6, 0.7, 0.9, 0.99, 1, 1.1]) {
        const offset = Math.floor(ids.length * share) + Math.floor(random() * 5);
        const { jobs, total, next } = await store.listJobs(filter, { order, offset, limit: 7 });
        expect({ filter, offset, ids: jobs.map(({ id }) => id), total }).toEqual({
          filter,
          offset,
          ids: ids.slice(offset, offset + 7),
          total: ids.length,
        });
        expect(next?.id).toBe(offset + 7 < ids.length ? jobs.at(-1)!.id : undefined);
      }
    }
  },
);

/** Reads a page on its own connection and counts the steps. */
function stepThrough(filter: JobFilter, page: Page): { steps: number; page: JobPage } {
  using db = openForReading(path);
  const steps = jobLister(db).page({ ...filter, sight: 'all' }, page, { isCounting: true });
  for (let count = 0; ; count++) {
    const step = steps.next();
    if (step.done) return { steps: count, page: step.value };
  }
}

test('a list of all jobs is in order across the crowd and takes many small steps', () => {
  const { steps, page } = stepThrough({}, { limit: 10_000 });
  expect(page.jobs.map(({ id }) => id)).toEqual(expectedIds({}, false).slice(0, 10_000));
  expect(steps).toBeGreaterThan(100);
});

test('a page at a large offset takes few steps, and one within a crowd many', () => {
  const { page, steps } = stepThrough({}, { limit: 10, offset: 10_000 });
  expect(page.jobs).toHaveLength(10);
  expect(steps).toBeLessThan(60);
  expect(stepThrough({}, { limit: 10, offset: 6500 }).steps).toBeGreaterThan(10);
});
