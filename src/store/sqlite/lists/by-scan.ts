import type { Database, Statement } from 'bun:sqlite';
import type { JobOrder, JobPosition, JobSort } from '../../../domain/list.ts';
import { figureOf, isOfManyRows } from '../jobs/figures.ts';
import { type Bind, type Bound, bindings } from '../sql/bindings.ts';
import { beyond, type Walk, walkSource, walksByStart, walksThrough } from './by-index.ts';
import { isOfManyRowsEach, lifeTerms, type Wanted } from './filters.ts';
import { type BestFound, bestFound, type Found } from './found.ts';
import { type Slice, slices, sliceTerms } from './slices.ts';

/** Jobs in the first slice; later slices grow or shrink with the time that they take. */
const FIRST_SLICE_JOBS = 100;
const MIN_SLICE_JOBS = 10;
const MAX_SLICE_JOBS = 1000;
/** Where each job may mean to read thousands of rows, such as the usage of its nodes. */
const MAX_SLICE_JOBS_OF_MANY_ROWS = 200;
/**
 * A slice that takes longer halves the next one; one that takes less than half of it doubles the next one.
 */
const SLICE_MS = 2;

export interface ScanPage {
  readonly order: JobOrder;
  readonly after?: JobPosition | undefined;
  /** Only jobs after all that start at this time; for lists by start time. */
  readonly pastMs?: number | undefined;
  /** Number of first matches to find. */
  readonly take: number;
  /** Whether to count all matches, for which every candidate is read. */
  readonly isCounting: boolean;
}

/**
 * Finds the first matches of any list by reading all candidates slice by slice, with little more than `take`
 * in memory. Yields after each slice.
 */
export function* scanJobs(
  db: Database,
  wanted: Wanted,
  page: ScanPage,
): Generator<undefined, { found: Found[]; total: number }> {
  const { order, isCounting } = page;
  // Without a count, a walk in the order of the list ends as soon as the page is full.
  const isInOrder = !isCounting && order.sort === 'startTime';
  const walks = isInOrder ? walksByStart(wanted) : walksThrough(wanted);
  const best = bestFound(page);
  const total = yield* scanWalks(db, walks, wanted, page, { best, isInOrder });
  return { found: best.all(), total };
}

/** Adds the matches among the jobs of some walks, and returns how many there are. Yields after each slice. */
export function* scanWalks(
  db: Database,
  walks: readonly Walk[],
  wanted: Wanted,
  page: ScanPage,
  { best, isInOrder }: { readonly best: BestFound; readonly isInOrder: boolean },
): Generator<undefined, number> {
  const { order } = page;
  const size = { jobs: FIRST_SLICE_JOBS };
  const maxJobs =
    isOfManyRows(order.sort) || isOfManyRowsEach(wanted) ? MAX_SLICE_JOBS_OF_MANY_ROWS : MAX_SLICE_JOBS;
  let total = 0;
  using statements = statementCache(db);
  for (const walk of walks) {
    for (const slice of slices(statements.prepare, walk, rangeOf(walk, wanted, page, isInOrder), size)) {
      const worst = best.worst();
      if (isInOrder && worst && isBeyond(order, slice, worst)) break;
      const startMs = performance.now();
      const part = readSlice(statements, walk, slice, wanted, page, worst);
      total += part.matches;
      best.add(part.found);
      size.jobs = nextSize(size.jobs, performance.now() - startMs, maxJobs);
      yield;
    }
  }
  return total;
}

/** Prepares each text once, and finalizes the statements before the connection closes. */
function statementCache(db: Database) {
  const known = new Map<string, Statement<never, Bound[]>>();
  return {
    prepare<Row>(sql: string): Statement<Row, Bound[]> {
      const statement = known.get(sql) ?? db.prepare(sql);
      known.set(sql, statement);
      return statement;
    },
    [Symbol.dispose]() {
      for (const statement of known.values()) statement.finalize();
    },
  };
}

function nextSize(jobs: number, tookMs: number, max: number): number {
  if (tookMs > SLICE_MS) return Math.max(MIN_SLICE_JOBS, Math.floor(jobs / 2));
  return tookMs < SLICE_MS / 2 ? Math.min(max, 2 * jobs) : jobs;
}

/** Returns the range of a walk to read, and its direction. */
function rangeOf({ lowest }: Walk, { only }: Wanted, { order, after, pastMs }: ScanPage, isInOrder: boolean) {
  // A few known jobs lie between their first and last start.
  const whole = {
    low: only?.lowMs ?? lowest ?? Number.MIN_SAFE_INTEGER,
    high: only?.highMs ?? Number.MAX_SAFE_INTEGER,
  };
  const isAscending = isInOrder && order.isAscending;
  const startMs = pastMs === undefined ? after?.value : pastMs + (order.isAscending ? 1 : -1);
  if (!isInOrder || startMs === undefined) return { ...whole, isAscending };
  return { ...whole, [isAscending ? 'low' : 'high']: startMs, isAscending };
}

/** Whether all start times of a slice come after a job in the list. */
const isBeyond = ({ isAscending }: JobOrder, { low, high }: Slice, { value }: Found): boolean =>
  isAscending ? low > value! : high < value!;

/** Returns FROM and WHERE of the matches in a slice. */
function sliceSource(walk: Walk, slice: Slice, wanted: Wanted, bind: Bind): string {
  const { from, terms } = walkSource(walk, wanted, bind);
  return `FROM ${from} WHERE ${[...terms, ...sliceTerms(walk, slice, bind), ...lifeTerms(wanted, bind)].join(' AND ')}`;
}

/**
 * Counts the matches in a slice and returns those between the page's start and the worst one kept, in order.
 */
function readSlice(
  { prepare }: ReturnType<typeof statementCache>,
  walk: Walk,
  slice: Slice,
  wanted: Wanted,
  page: ScanPage,
  worst: Found | undefined,
): { matches: number; found: Found[] } {
  const { values, bind } = bindings();
  const { order, after, pastMs, take, isCounting } = page;
  // Materialized, because SQLite would otherwise compute the value at each use.
  const match = `match AS MATERIALIZED (
      SELECT job.seq, job.id, ${sortValue(order.sort, wanted.nowMs, bind)} AS value ${sliceSource(walk, slice, wanted, bind)})`;
  const terms = [
    after && behind(order, after, bind),
    pastMs !== undefined && `value ${beyond(order)} ${bind(pastMs)}`,
    worst && before(order, worst, bind),
  ].filter((term) => typeof term === 'string');
  const first = `page AS (SELECT seq, id, value FROM match ${terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`}
     ORDER BY value IS NULL, value ${order.isAscending ? 'ASC' : 'DESC'}, id LIMIT ${bind(take)})`;
  const count = isCounting
    ? 'SELECT (SELECT count(*) FROM match) AS seq, NULL AS id, NULL AS value UNION ALL '
    : '';
  const rows = prepare<Found>(`WITH ${match}, ${first} ${count}SELECT seq, id, value FROM page`).all(
    ...values,
  );
  return { matches: isCounting ? rows.shift()!.seq : 0, found: rows };
}

/** Returns the value that a job is sorted by (domain `JOB_SORTS`); NULL if it has none. */
function sortValue(sort: JobSort, nowMs: number, bind: Bind): string {
  switch (sort) {
    case 'startTime':
      return 'job.start_time';
    case 'endTime':
      return 'job.end_time';
    case 'cpuUsage':
    case 'memoryUsage':
      return `coalesce(${figureOf(sort, nowMs, bind)}, 0)`;
    default:
      return figureOf(sort, nowMs, bind);
  }
}

function behind({ isAscending }: JobOrder, { value, id }: JobPosition, bind: Bind): string {
  if (value === null) return `value IS NULL AND id > ${bind(id)}`;
  const place = bind(value);
  return `(value IS NULL OR value ${isAscending ? '>' : '<'} ${place} OR (value = ${place} AND id > ${bind(id)}))`;
}

function before({ isAscending }: JobOrder, { value, id }: JobPosition, bind: Bind): string {
  if (value === null) return `(value IS NOT NULL OR id < ${bind(id)})`;
  const place = bind(value);
  return `(value ${isAscending ? '<' : '>'} ${place} OR (value = ${place} AND id < ${bind(id)}))`;
}
