import { expect, test } from 'bun:test';
import { openSqlite } from '../../../src/store/sqlite/open.ts';
import { cutJobs, cutParts, joinResults } from '../../../src/store/writer/parts.ts';
import { pastJob } from '../../help/builders.ts';
import { temporaryFolder } from '../../help/folder.ts';

const costOf = (cost: number) => cost;

test.each([
  [[], [[]]],
  [[3, 3, 3], [[3, 3, 3]]],
  [
    [3, 3, 4, 1],
    [[3, 3, 4], [1]],
  ],
  [
    [20, 1],
    [[20], [1]],
  ],
  [
    [1, 20, 1],
    [[1], [20], [1]],
  ],
])('rows of the costs %j are cut into the parts %j, where a part may cost 10', (rows, parts) => {
  const cut = cutParts(rows, costOf, 10);
  expect(cut.map((part) => part.rows)).toEqual(parts);
  expect(cut.flatMap((part) => part.rows.map((_, row) => part.indexOf(row)))).toEqual([...rows.keys()]);
});

test('a batch that is one part is not copied', () => {
  const rows = [1, 2];
  expect(cutParts(rows, costOf, 10)[0]!.rows).toBe(rows);
});

test('refusals have the index of their row in the batch, and the first 100 are explained', () => {
  const parts = [{ indexOf: (row: number) => row }, { indexOf: (row: number) => 200 + row }];
  const refusal = (index: number) => ({ index, error: 'conflict' as const, message: 'no' });
  const result = (count: number) => ({
    stored: 200 - count,
    repeated: 0,
    refused: count,
    refusals: Array.from({ length: Math.min(100, count) }, (_, index) => refusal(index)),
  });
  const joined = joinResults(parts, [result(60), result(150)]);
  expect({ ...joined, refusals: joined.refusals.length }).toEqual({
    stored: 190,
    repeated: 0,
    refused: 210,
    refusals: 100,
  });
  expect(joined.refusals[60]).toEqual(refusal(200));
});

const jobOn = (node: string, index: number) =>
  pastJob(`job-${index}`, { nodes: index % 10 === 9 ? [node, 'n0', 'n8'] : [node] });

test('the parts of a batch of jobs share their first nodes, and know the index of each row', () => {
  const jobs = Array.from({ length: 90 }, (_, index) => jobOn(`n${index % 9}`, index));
  const parts = cutJobs(jobs, () => 1, 30);
  expect(parts.map(({ rows }) => new Set(rows.map(({ nodes }) => nodes[0])).size)).toEqual([3, 3, 3]);
  for (const { rows, indexOf } of parts) {
    const indexes = rows.map((_, row) => indexOf(row));
    expect(rows).toEqual(indexes.map((index) => jobs[index]!));
    expect(indexes).toEqual(indexes.toSorted((one, other) => one - other));
  }
  expect(new Set(parts.flatMap(({ rows }) => rows)).size).toBe(90);
});

test('a batch of jobs that has an id twice stays in order, because the first of them is stored', () => {
  const jobs = [jobOn('n2', 1), jobOn('n1', 2), jobOn('n1', 1)];
  expect(cutJobs(jobs, () => 1, 1).map(({ rows }) => rows[0])).toEqual(jobs);
});

test('refusals of a batch of jobs in many parts name their rows', async () => {
  using folder = temporaryFolder();
  const store = await openSqlite(folder.file('parts.db'));
  const jobs = Array.from({ length: 4000 }, (_, index) => jobOn(`n${(index * 7) % 40}`, index));
  const taken = [3, 500, 501, 1999, 3999];
  await store.createJobs(taken.map((index) => pastJob(jobs[index]!.id, { user: 'somebody-else' })));
  const { stored, refused, refusals } = await store.createJobs(jobs);
  expect({ stored, refused }).toEqual({ stored: 3995, refused: 5 });
  expect(refusals.map(({ index }) => index)).toEqual(taken);
  for (const { index, message } of refusals) expect(message).toContain(`"job-${index}"`);
  const onFirst = jobs.filter(({ nodes }, index) => nodes.includes('n0') && !taken.includes(index));
  expect((await store.listJobs({ node: 'n0' }, { limit: 1 })).total).toBe(onFirst.length);
  await store.close();
});
