import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type ClusterCursor, mergePages } from '../../../src/domain/clusters/merge.ts';
import type { Job } from '../../../src/domain/job.ts';
import type { JobOrder } from '../../../src/domain/list.ts';

const job = (id: string, startTimeMs: number | undefined, cpus?: number): Job => ({
  ...{ id, user: 'alice', nodes: [], state: 'running', cpuUsage: 0, memoryUsageMb: 0 },
  ...(startTimeMs !== undefined && { startTimeMs }),
  ...(cpus !== undefined && { details: { cpus } }),
});

/** A cluster whose cursors are places in its list, as text. */
function readPage(jobs: readonly Job[], { cursor }: ClusterCursor, limit: number) {
  const at = cursor === '' ? 0 : Number(cursor);
  const end = at + limit;
  return {
    jobs: jobs.slice(at, end),
    total: jobs.length,
    ...(end < jobs.length && { nextCursor: String(end) }),
  };
}

const BY_CPUS: JobOrder = { sort: 'cpus', isAscending: true };

test('pages of several clusters, one after the other, are the sorted list of all, whatever the limits', () => {
  const cpus = fc.array(fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(cpus, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 30 }),
      (lists, limits) => {
        const last = Number.POSITIVE_INFINITY;
        const clusters = lists.map((list, place) =>
          list
            .toSorted((one, other) => (one ?? last) - (other ?? last))
            .map((count, at) => job(`${place}-${at}`, 0, count)),
        );
        const found: string[] = [];
        let next = new Map(clusters.map((_, at) => [String(at), { cursor: '', skip: 0 }]));
        for (let page = 0; next.size > 0; page++) {
          const limit = limits[page % limits.length]!;
          const parts = [...next].map(([name, from]) => ({
            ...{ name, from, page: readPage(clusters[Number(name)]!, from, from.skip + limit) },
          }));
          const merged = mergePages(parts, BY_CPUS, limit, 0);
          found.push(...merged.jobs.map(({ job: { id } }) => id));
          if (merged.jobs.length < limit) expect(merged.next.size).toBe(0);
          next = new Map(merged.next);
        }
        const all = clusters.flat();
        expect(found.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
        const counts = found.map((id) => all.find((one) => one.id === id)!.details?.cpus ?? last);
        expect(counts).toEqual(counts.toSorted((one, other) => one - other));
      },
    ),
  );
});

test('a cluster that does not answer stays where it is, and the others go on', () => {
  const from = { cursor: 'abc', skip: 3 };
  const page = { jobs: [job('1', 5)], total: 1 };
  const merged = mergePages(
    [
      { name: 'away', from, page: undefined },
      { name: 'here', from: { cursor: '', skip: 0 }, page },
    ],
    { sort: 'startTime', isAscending: false },
    10,
    0,
  );
  expect(merged.jobs.map(({ cluster, job: { id } }) => `${cluster} ${id}`)).toEqual(['here 1']);
  expect([...merged.next]).toEqual([['away', from]]);
});

test('a waiting job without a time stays behind the job before it', () => {
  const page = (jobs: Job[]) => ({ from: { cursor: '', skip: 0 }, page: { jobs, total: jobs.length } });
  const { jobs } = mergePages(
    [
      { name: 'a', ...page([job('a1', 100), job('a2', undefined), job('a3', 50)]) },
      { name: 'b', ...page([job('b1', 90), job('b2', 60)]) },
    ],
    { sort: 'startTime', isAscending: false },
    10,
    0,
  );
  expect(jobs.map((merged) => merged.job.id)).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
});
