import { expect, test } from 'bun:test';
import type { Series } from '../../../../src/store/rows/series.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { seriesFinder } from '../../../../src/store/sqlite/samples/series.ts';
import { groupCommitter } from '../../../../src/store/sqlite/writer/commit.ts';
import { SeriesCache } from '../../../../src/store/writer/series-cache.ts';
import { pastJob } from '../../../help/builders.ts';
import { temporaryFolder } from '../../../help/folder.ts';

const NODES = ['n1', 'n2', 'n3'];

/** A cache for at most `maxEntries` jobs and series, over a database with `jobs` jobs on three nodes each. */
function openCache(jobs: number, maxEntries?: number) {
  const folder = temporaryFolder();
  const path = folder.file('cache.db');
  const db = openForWriting(path);
  migrate(db, path);
  const ids = Array.from({ length: jobs }, (_, index) => `j${index}`);
  groupCommitter(db)([{ kind: 'createJobs', jobs: ids.map((id) => pastJob(id, { nodes: NODES })) }]);
  const cache = new SeriesCache(seriesFinder(db), maxEntries);
  return {
    db,
    cache,
    ids,
    find: (jobId: string, node?: string): Series | undefined =>
      cache.find([{ jobId, ...(node !== undefined && { node }) }])[0],
    [Symbol.dispose]() {
      db.close();
      folder[Symbol.dispose]();
    },
  };
}

test('a sample without a node has the series of the first node', () => {
  using named = openCache(1);
  const first = named.find('j0', 'n1');
  expect(named.find('j0')).toBe(first!);
  expect(named.find('j0', 'n1')).toBe(first!);
  using unnamed = openCache(1);
  const again = unnamed.find('j0');
  expect(unnamed.find('j0', 'n1')).toBe(again!);
  expect(unnamed.find('j0', 'n2')).not.toBe(again);
});

test('an unknown job has no series, and neither has a node of another job', () => {
  using one = openCache(1);
  expect(one.find('j1')).toBeUndefined();
  expect(one.cache.hasJob('j1')).toBe(false);
  expect(one.find('j0', 'n9')).toBeUndefined();
  expect(one.cache.hasJob('j0')).toBe(true);
});

test('an equal batch gets the same series until one of its jobs is forgotten', () => {
  using one = openCache(3);
  const names = { jobs: ['j0', 'j1'], nodes: ['n1', 'n2'] };
  const list = [
    { jobId: 'j0', node: 'n1' },
    { jobId: 'j1', node: 'n2' },
  ];
  const found = one.cache.find(list, names);
  expect(one.cache.find(list, names)).toBe(found);
  one.cache.forgetJob('j2');
  expect(one.cache.find(list, names)).toBe(found);
  one.cache.forgetJob('j1');
  const later = one.cache.find(list, names);
  expect(later[0]).toBe(found[0]!);
  expect(later[1]).not.toBe(found[1]);
});

test('forgetting a job takes its series from the size of the cache', () => {
  using one = openCache(2);
  for (const id of one.ids) for (const node of NODES) one.find(id, node);
  one.find('j0');
  one.find('j0', 'n9');
  expect(one.cache.size).toBe(8);
  one.cache.forgetJob('j0');
  one.cache.forgetJob('j0');
  expect(one.cache.size).toBe(4);
  one.cache.forgetJob('j1');
  expect(one.cache.size).toBe(0);
});

test('a cache slightly too small for jobs that report in turn still holds most of them', () => {
  using one = openCache(125, 200);
  let found = 0;
  for (let round = 0; round < 20; round++) {
    for (const id of one.ids) {
      if (round > 4 && one.cache.hasJob(id)) found++;
      one.find(id, 'n1');
      one.cache.makeRoom();
      expect(one.cache.size).toBeLessThanOrEqual(200);
    }
  }
  expect(found / (15 * 125)).toBeGreaterThan(0.5);
});
