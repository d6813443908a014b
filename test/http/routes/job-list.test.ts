import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startService } from '../../help/service.ts';

let service: Awaited<ReturnType<typeof startService>>;

/** Jobs, oldest first; b1 and b2 start in the same millisecond. */
const JOBS = [
  ['a', 'alice', ['n1'], 'completed'],
  ['b2', 'alice', ['n1', 'n2'], 'running'],
  ['b1', 'bob', ['n2'], 'running'],
  ['c', 'bob', ['n10', 'n1'], 'failed'],
  ['d', 'alice', ['n2'], 'pending'],
] as const;

beforeAll(async () => {
  service = await startService();
  for (const [id, user, nodes, state] of JOBS) {
    if (id !== 'b1') service.clock.advance(1000);
    await service.send('POST', '/v1/jobs', { id, user, nodes });
    await service.send('PATCH', `/v1/jobs/${id}`, { state });
  }
});

afterAll(() => service[Symbol.asyncDispose]());

const LISTS: [search: string, ids: string[], total: number, page?: { limit?: number; offset?: number }][] = [
  ['', ['d', 'c', 'b1', 'b2', 'a'], 5],
  ['limit=2', ['d', 'c'], 5, { limit: 2 }],
  ['limit=2&offset=2', ['b1', 'b2'], 5, { limit: 2, offset: 2 }],
  ['limit=2&offset=4', ['a'], 5, { limit: 2, offset: 4 }],
  ['offset=5', [], 5, { offset: 5 }],
  ['offset=9007199254740991', [], 5, { offset: Number.MAX_SAFE_INTEGER }],
  ['limit=10000', ['d', 'c', 'b1', 'b2', 'a'], 5, { limit: 10_000 }],
  ['limit=0010', ['d', 'c', 'b1', 'b2', 'a'], 5, { limit: 10 }],
  ['state=running', ['b1', 'b2'], 2],
  ['state=cancelled', [], 0],
  ['user=alice', ['d', 'b2', 'a'], 3],
  ['user=alic', [], 0],
  ['user=Alice', [], 0],
  ['node=n1', ['c', 'b2', 'a'], 3],
  ['node=n10', ['c'], 1],
  ['node=n', [], 0],
  ['node=nowhere', [], 0],
  ['state=running&user=bob', ['b1'], 1],
  ['state=running&node=n2', ['b1', 'b2'], 2],
  ['user=alice&node=n2', ['d', 'b2'], 2],
  ['state=running&user=alice&node=n1', ['b2'], 1],
  ['node=n2&state=running&limit=1', ['b1'], 2, { limit: 1 }],
  ['&', ['d', 'c', 'b1', 'b2', 'a'], 5],
];

// bun:test would pass a `done` callback for a missing last value, and wait until it is called.
test.each(LISTS.map(([search, ids, total, page = {}]) => [search, ids, total, page] as const))(
  'GET /v1/jobs?%s lists the jobs %j of %d',
  async (search, ids, total, page) => {
    const { status, json } = await service.send('GET', `/v1/jobs?${search}`);
    expect(status).toBe(200);
    expect({ ...json, jobs: json.jobs.map(({ id }: { id: string }) => id) }).toEqual({
      jobs: ids,
      total,
      limit: 100,
      offset: 0,
      ...page,
      ...((page.offset ?? 0) + ids.length < total && { next_cursor: expect.any(String) }),
    });
  },
);

test('a job is the same in a list and by itself', async () => {
  const { json } = await service.send('GET', '/v1/jobs');
  for (const job of json.jobs) expect((await service.send('GET', `/v1/jobs/${job.id}`)).json).toEqual(job);
});
