import { expect, test } from 'bun:test';
import { openForWriting } from '../../../src/store/sqlite/connection.ts';
import { type ListShape, listQuery } from '../../../src/store/sqlite/jobs.ts';
import { migrate } from '../../../src/store/sqlite/migrate.ts';
import { temporaryFolder } from '../../help/folder.ts';

const NO = { byNode: false, byUser: false, byState: false };
const SHAPES: [index: string, shape: ListShape][] = [
  ['job_by_start', NO],
  ['job_by_state', { ...NO, byState: true }],
  ['job_by_user', { ...NO, byUser: true }],
  ['job_by_user_state', { ...NO, byUser: true, byState: true }],
  ['job_node_by_start', { ...NO, byNode: true }],
  ['job_node_by_state', { ...NO, byNode: true, byState: true }],
  ['job_node_by_user', { ...NO, byNode: true, byUser: true }],
  ['job_node_by_user', { byNode: true, byUser: true, byState: true }],
];

test.each(SHAPES)(
  'a list walks through %s in its order and stops at the end of the page: %j',
  (index, shape) => {
    using folder = temporaryFolder();
    using db = openForWriting(folder.file('plans.db'));
    migrate(db, folder.file('plans.db'));
    const plan = db
      .query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${listQuery(shape)}`)
      .all()
      .map(({ detail }) => detail);
    const walks = plan.filter((step) => /^(SCAN|SEARCH) (job|job_node) USING/.test(step));
    expect(walks[0]).toMatch(new RegExp(`USING (COVERING )?INDEX ${index}\\b`));
    const isFiltered = shape.byNode || shape.byUser || shape.byState;
    expect(walks[0]!.startsWith(isFiltered ? 'SEARCH' : 'SCAN')).toBe(true);
    expect(plan.filter((step) => /^SCAN (?!job USING INDEX job_by_start)/.test(step))).toEqual([]);
    // Rows of one millisecond are sorted by id among themselves; a sort of everything would read everything.
    expect(plan.filter((step) => /TEMP B-TREE FOR (?!LAST TERM|RIGHT PART)/.test(step))).toEqual([]);
  },
);

test('the order of the list is why the plan is good', () => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('plans.db'));
  migrate(db, folder.file('plans.db'));
  const query = listQuery(NO).replace('job.start_time DESC', 'job.end_time DESC');
  const plan = db.query<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${query}`).all();
  expect(plan.at(-1)!.detail).toBe('USE TEMP B-TREE FOR ORDER BY');
});
