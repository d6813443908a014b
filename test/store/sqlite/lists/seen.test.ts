import { expect, test } from 'bun:test';
import type { OwnSight } from '../../../../src/domain/caller.ts';
import type { JobFilter } from '../../../../src/domain/list.ts';
import { openForReading, openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { SELECT_PAST_OWNERS } from '../../../../src/store/sqlite/jobs/owners.ts';
import { filterReader, isCounted } from '../../../../src/store/sqlite/lists/filters.ts';
import { pastJob } from '../../../help/builders.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { openStore } from '../../../help/store.ts';

const FILTERS: JobFilter[] = [
  {},
  { state: 'running' },
  { node: 'n1' },
  { node: ['n1', 'n2'], state: ['failed', 'running'] },
  { details: { partition: 'gpu' } },
  { sinceMs: NOON_MS, untilMs: NOON_MS + 1 },
  { ranges: { runtime: { min: 5 } }, text: 'a' },
];

/** Reads filters of a database: alice and carol have jobs of physics, bob one of chem, dave one without. */
async function readFilters(read: (filters: ReturnType<typeof filterReader>) => void) {
  using folder = temporaryFolder();
  const path = folder.file('seen.db');
  const store = await openStore(path);
  const details = { account: 'physics', partition: 'gpu' };
  await store.createJobs([
    pastJob('1', { details, nodes: ['n1', 'n2'] }),
    pastJob('2', { user: 'bob', details: { account: 'chem' } }),
    pastJob('3', { user: 'carol', details }),
    pastJob('4', { user: 'dave', details }),
    pastJob('5', { user: 'dave' }),
  ]);
  await store.close();
  using db = openForReading(path);
  read(filterReader(db));
}

test('own jobs are found with exactly what the filter user searches, and counted as it counts', async () => {
  await readFilters((readFilter) => {
    const sight: OwnSight = { user: 'alice', accounts: [] };
    for (const filter of FILTERS) {
      const own = readFilter({ ...filter, sight }, NOON_MS);
      const byUser = readFilter({ ...filter, user: 'alice', sight: 'all' }, NOON_MS);
      expect(own).toBeDefined();
      expect(own).toEqual(byUser!);
    }
    expect(isCounted(readFilter({ node: 'n1', state: 'running', sight }, NOON_MS)!)).toBe(true);
  });
});

test('who coordinates accounts searches only their users, and looks at accounts only where a user has others', async () => {
  await readFilters((readFilter) => {
    const sight: OwnSight = { user: 'alice', accounts: ['physics', 'unknown'] };
    const usersOf = (filter: JobFilter) => readFilter({ ...filter, sight }, NOON_MS)?.users?.length;
    expect([usersOf({}), usersOf({ user: 'carol' }), usersOf({ user: ['bob', 'carol'] })]).toEqual([3, 1, 1]);
    expect(readFilter({ user: 'bob', sight }, NOON_MS)).toBeUndefined();
    const isCountedFor = (user: string[]) => isCounted(readFilter({ user, sight }, NOON_MS)!);
    expect([isCountedFor(['alice', 'carol']), isCountedFor(['alice', 'dave'])]).toEqual([true, false]);
    const unknown: OwnSight = { user: 'alice', accounts: ['unknown'] };
    expect(isCounted(readFilter({ sight: unknown }, NOON_MS)!)).toBe(true);
  });
});

test('whose the earlier runs of a job are is read from an index alone', () => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('plan.db'));
  migrate(db, folder.file('plan.db'));
  const plan = db
    .query<{ detail: string }, [string]>(`EXPLAIN QUERY PLAN ${SELECT_PAST_OWNERS}`)
    .all('7')
    .map(({ detail }) => detail);
  // SQLite does not call an index of generated columns covering, but reads nothing else.
  expect(plan).toEqual(['SEARCH past_run USING INDEX past_run_by_owner (job=?)']);
});
