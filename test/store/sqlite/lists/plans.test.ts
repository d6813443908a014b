import { expect, test } from 'bun:test';
import { NEWEST_FIRST } from '../../../../src/domain/list.ts';
import { openForWriting } from '../../../../src/store/sqlite/file/connection.ts';
import { migrate } from '../../../../src/store/sqlite/file/migrate.ts';
import {
  placeQuery,
  type WalkPage,
  walkQuery,
  walksByStart,
} from '../../../../src/store/sqlite/lists/by-index.ts';
import type { Wanted } from '../../../../src/store/sqlite/lists/filters.ts';
import { bindings } from '../../../../src/store/sqlite/sql/bindings.ts';
import { temporaryFolder } from '../../../help/folder.ts';

/** Returns the steps of SQLite's plan for a list. */
function planOf(wanted: Omit<Wanted, 'nowMs'>, page: Partial<WalkPage> = {}, change = (sql: string) => sql) {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('plans.db'));
  migrate(db, folder.file('plans.db'));
  const { values, bind } = bindings();
  const filter = { ...wanted, nowMs: 0 };
  const whole = { order: NEWEST_FIRST, take: 10, offset: 0, ...page };
  const sql = change(walkQuery(walksByStart(filter), filter, whole, bind));
  return db
    .query<{ detail: string }, typeof values>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => detail);
}

const WALK = /^(SCAN|SEARCH) (job|job_node) USING (COVERING )?INDEX/;
/** Sorting rows of one millisecond by id is fine; a sort of all rows would read all of them. */
const BIG_SORT = /TEMP B-TREE FOR (?!LAST TERM|RIGHT PART)/;
const ALL_JOBS = /^SCAN (job|job_node)\b/;

const NODE = { nodes: [1] };
const USER = { users: [1] };
const STATE = { states: [1] };
/** Without a state there are five walks, one for each. */
const FILTERS: [index: string, walks: number, wanted: Omit<Wanted, 'nowMs'>][] = [
  ['job_by_state', 5, {}],
  ['job_by_state', 1, STATE],
  ['job_by_user_state', 5, USER],
  ['job_by_user_state', 1, { ...USER, ...STATE }],
  ['job_node_by_state', 5, NODE],
  ['job_node_by_state', 1, { ...NODE, ...STATE }],
  ['job_node_by_user_state', 5, { ...NODE, ...USER }],
  ['job_node_by_user_state', 1, { ...NODE, ...USER, ...STATE }],
];
const CURSOR = { after: { value: 1000, id: 'x' } };
const PAGES: [name: string, page: Partial<WalkPage>][] = [
  ['a page by offset', { offset: 50 }],
  ['a page by cursor', CURSOR],
  ['a page between two times', { pastMs: 1000, endMs: 500, offset: 50 }],
  ['the oldest first', { order: { sort: 'startTime', isAscending: true } }],
  ['the oldest first by cursor', { ...CURSOR, order: { sort: 'startTime', isAscending: true } }],
];

const ROWS = FILTERS.flatMap(([index, count, wanted]) =>
  PAGES.map(([name, page]) => ({
    index,
    count,
    wanted,
    name,
    page,
    filter: Object.keys(wanted).join(', ') || 'all',
  })),
);
test.each(ROWS)(
  '$name of a list by $filter reads $index and stops at the end of the page',
  ({ index, count, wanted, page }) => {
    const plan = planOf(wanted, page);
    const walks = plan.filter((step) => WALK.test(step));
    expect(walks).toHaveLength(count);
    for (const walk of walks) {
      expect(walk).toMatch(new RegExp(`^SEARCH .* USING (COVERING )?INDEX ${index}\\b`));
      if (page.after) expect(walk).toContain('start_time');
    }
    expect(plan.filter((step) => ALL_JOBS.test(step))).toEqual([]);
    expect(plan.filter((step) => BIG_SORT.test(step))).toEqual([]);
  },
);

test.each(FILTERS)('the end of a page by %s is found on the index alone', (index, count, wanted) => {
  using folder = temporaryFolder();
  using db = openForWriting(folder.file('plans.db'));
  migrate(db, folder.file('plans.db'));
  const { values, bind } = bindings();
  const walks = walksByStart({ ...wanted, nowMs: 0 });
  const sql = placeQuery(walks, { order: NEWEST_FIRST, pastMs: 1000, place: 100 }, bind);
  const plan = db.query<{ detail: string }, typeof values>(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  const steps = plan.map(({ detail }) => detail).filter((step) => /^(SCAN|SEARCH|USE)/.test(step));
  expect(steps).toHaveLength(count);
  for (const step of steps)
    expect(step).toMatch(new RegExp(`^SEARCH .* USING COVERING INDEX ${index} .*start_time<`));
});

test('a list of several states and users merges walks that all stop at the end of the page', () => {
  const plan = planOf({ states: [3, 4], users: [1, 2, 3] }, CURSOR);
  const walks = plan.filter((step) => WALK.test(step));
  expect(walks).toHaveLength(6);
  for (const walk of walks)
    expect(walk).toMatch(/^SEARCH job USING INDEX job_by_user_state \(state=\? AND user=\? AND start_time/);
  expect(plan.filter((step) => ALL_JOBS.test(step))).toEqual([]);
});

test('another order or an unnamed index gives a plan that reads all jobs', () => {
  const byEnd = planOf({}, {}, (sql) => sql.replaceAll('job.start_time AS', 'job.end_time AS'));
  expect(byEnd.some((step) => BIG_SORT.test(step))).toBe(true);
  const unnamed = planOf(STATE, {}, (sql) => sql.replace('INDEXED BY job_by_state', 'NOT INDEXED'));
  expect(unnamed.some((step) => ALL_JOBS.test(step))).toBe(true);
});
