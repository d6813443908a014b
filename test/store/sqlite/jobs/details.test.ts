import { expect, test } from 'bun:test';
import { DETAILS, FILTER_DETAILS, type JobDetails } from '../../../../src/domain/detail.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import { NOON_MS } from '../../../help/clock.ts';
import { temporaryFolder } from '../../../help/folder.ts';
import { openStore } from '../../../help/store.ts';

const VALUES = {
  text: 'some text',
  identity: 'a name',
  label: 'shared',
  count: 7,
  time: NOON_MS,
  identities: ['s1', 's2'],
  times: [NOON_MS, NOON_MS + 1],
  allocations: [{ node: 'n1', cpus: 2, gpuIds: ['0'] }],
} as const;
const ALL = Object.fromEntries(DETAILS.map(({ key, kind }) => [key, VALUES[kind]])) as JobDetails;

test('every detail has a column, and the table has no other columns but for the provenance', () => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('a.db'));
  migrate(db, folder.file('a.db'));
  const columns = db
    .query("SELECT name FROM pragma_table_info('detail') WHERE name <> 'job'")
    .values()
    .flat();
  const known = [...DETAILS.map(({ column }) => column), 'sources', 'verdict', 'verdict_ms'];
  expect(columns.sort()).toEqual(known.sort());
});

test('no two details share a key, a field, a column or a letter', () => {
  for (const property of ['key', 'field', 'column', 'letter'] as const) {
    const values = DETAILS.flatMap((row) => (property in row ? [row[property as 'key'] as string] : []));
    expect(values).toEqual([...new Set(values)]);
  }
});

test('every detail is read back as it was written, and lists are filtered by those that say so', async () => {
  using folder = temporaryFolder();
  const store = await openStore(folder.file('a.db'));
  await store.createJob({ id: 'a', user: 'alice', nodes: ['n1'], details: ALL }, NOON_MS);
  await store.createJob({ id: 'b', user: 'alice', nodes: ['n1'] }, NOON_MS);
  expect((await store.getJob('a')).details).toEqual(ALL);
  for (const { key, kind } of FILTER_DETAILS) {
    const { jobs } = await store.listJobs({ details: { [key]: VALUES[kind] } }, { limit: 10 });
    expect(jobs.map(({ id }) => id)).toEqual(['a']);
  }
  await store.close();
});
