import { expect, test } from 'bun:test';
import type { Sight } from '../../src/domain/caller.ts';
import {
  type Change,
  changeCollector,
  MAX_NAMES,
  MAX_TOLD,
  sortByOwner,
  tellChanges,
} from '../../src/domain/changes.ts';

const ids = (count: number, letter = 'j') => Array.from({ length: count }, (_, index) => `${letter}${index}`);
const ALICE: Sight = { user: 'alice', accounts: ['physics'] };

/** Returns the changes that somebody learns of; the first letter of an id is the owner of the job. */
function told(sight: Sight, ...changes: Change[]) {
  const collector = changeCollector();
  for (const change of changes) collector.add(change);
  const taken = collector.take();
  const owners: Record<string, string> = { a: 'alice', b: 'bob' };
  const ownerOf = (id: string) => {
    const user = owners[id[0]!];
    return user === undefined ? undefined : { user, account: id.endsWith('p') ? 'physics' : null };
  };
  const own = (names: ReadonlySet<string>) => sortByOwner(names, ownerOf);
  return tellChanges({ ...taken, jobs: own(taken.jobs), measured: own(taken.measured) }, sight);
}

const NOTHING = { jobs: [], hasMoreJobs: false, measured: [], hasMoreMeasured: false, nodes: false };

test('a job that changed twice is reported once, and changes that were taken are not reported again', () => {
  const collector = changeCollector();
  collector.add({ jobs: ['a', 'b'] });
  collector.add({ jobs: ['a'], measured: ['a'], nodes: true });
  expect(collector.isEmpty()).toBe(false);
  expect(collector.take()).toMatchObject({
    jobs: new Set(['a', 'b']),
    measured: new Set(['a']),
    nodes: true,
  });
  expect(collector.isEmpty()).toBe(true);
  expect(collector.take()).toMatchObject({ jobs: new Set(), measured: new Set(), nodes: false });
});

test('a burst takes a bounded memory, and says that there was more', () => {
  const collector = changeCollector();
  collector.add({ jobs: ids(MAX_NAMES) });
  collector.add({ jobs: ids(MAX_NAMES) });
  expect(collector.take().hasMore).toEqual({ jobs: false, measured: false });
  collector.add({ jobs: ids(MAX_NAMES + 1), measuredRuns: ids(MAX_NAMES + 1, 's') });
  const taken = collector.take();
  expect([taken.jobs.size, taken.measuredRuns.size]).toEqual([MAX_NAMES, MAX_NAMES]);
  expect(taken.hasMore).toEqual({ jobs: true, measured: true });
});

test('a caller who sees all jobs learns of each change, up to a number', () => {
  expect(told('all', { jobs: ['a1', 'x1'], measured: ['b1'] })).toEqual({
    ...NOTHING,
    jobs: ['a1', 'x1'],
    measured: ['b1'],
  });
  const many = told('all', { jobs: ids(MAX_TOLD + 1) })!;
  expect([many.jobs.length, many.hasMoreJobs, many.hasMoreMeasured]).toEqual([MAX_TOLD, true, false]);
  expect(told('all', { jobs: ids(MAX_TOLD) })!.hasMoreJobs).toBe(false);
});

test('long ids are reported up to a length', () => {
  const { jobs, hasMoreJobs } = told('all', { jobs: ids(MAX_TOLD).map((id) => id.padEnd(256, 'x')) })!;
  expect([jobs.length, hasMoreJobs]).toEqual([31, true]);
});

test('a caller who sees own jobs learns of those, and of those of coordinated accounts', () => {
  expect(told(ALICE, { jobs: ['a1', 'ap', 'b1', 'bp', 'x1'], measured: ['b2', 'a2'] })).toEqual({
    ...NOTHING,
    jobs: ['a1', 'ap', 'bp'],
    measured: ['a2'],
  });
});

test('changes of others are no message, however many they are', () => {
  expect(told(ALICE, { jobs: ['b1'], measured: ['x1'] })).toBeUndefined();
  expect(told(ALICE, { jobs: ids(MAX_NAMES + 1, 'b'), measured: ids(MAX_NAMES + 1, 'b') })).toBeUndefined();
  expect(told(ALICE, { jobs: ids(MAX_TOLD + 1, 'b'), nodes: true })).toEqual({ ...NOTHING, nodes: true });
  expect(told(ALICE, { jobs: ids(MAX_TOLD + 1, 'a') })!.hasMoreJobs).toBe(true);
});
