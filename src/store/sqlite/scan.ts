import type { Database } from 'bun:sqlite';
import type { JobOrder, JobPosition, JobSort } from '../../domain/list.ts';
import { type Bind, bindings, lifeTerms, runtimeOf, type Wanted } from './filters.ts';
import { type Walk, walkSource, walksByStart, walksThrough } from './walks.ts';

/** Jobs of one step: some milliseconds, after which other work has its turn. */
const SLICE_JOBS = 2000;

/** A job that was found, and what it is sorted by. */
export interface Found extends JobPosition {
  readonly seq: number;
}

export interface ScanPage {
  readonly order: JobOrder;
  readonly after?: JobPosition;
  /** How many of the first matches to find. */
  readonly take: number;
  /** Whether all matches are to be counted, which means to look at every job that may be one. */
  readonly isCounting: boolean;
}

/**
 * Finds the first matches of any list by looking at all jobs that may be one, slice by slice; no more than twice `take` of
 * them are held. Yields after each slice.
 */
export function* scanJobs(
  db: Database,
  wanted: Wanted,
  page: ScanPage,
): Generator<undefined, { found: Found[]; total: number }> {
  const { order, take, isCounting } = page;
  const compare = comparePositions(order);
  // Without a count, a way in the order of the list may be left as soon as the page is full.
  const isInOrder = !isCounting && order.sort === 'start_time';
  const walks = isInOrder ? walksByStart(wanted) : walksThrough(wanted);
  let found: Found[] = [];
  let worst: Found | undefined;
  let total = 0;
  for (const walk of walks) {
    for (const slice of slices(db, walk, page, isInOrder)) {
      if (isInOrder && worst && isBeyond(order, slice, worst)) break;
      if (isCounting) total += countSlice(db, walk, slice, wanted);
      found.push(...readSlice(db, walk, slice, wanted, page, worst));
      if (found.length >= take) {
        found = found.sort(compare).slice(0, take);
        worst = found.at(-1);
      }
      yield;
    }
  }
  return { found: found.sort(compare), total };
}

interface Slice {
  readonly low: number;
  readonly high: number;
}

/** Cuts a walk into ranges of its key of about `SLICE_JOBS` jobs; those of one and the same key stay together. */
function* slices(
  db: Database,
  { table, index, key, equals, lowest }: Walk,
  { order, after }: ScanPage,
  isInOrder: boolean,
): Generator<Slice, void> {
  const isAscending = isInOrder && order.isAscending;
  const { values, bind } = bindings();
  const [low, high] = [bind(null), bind(null)];
  const terms = Object.entries(equals).map(([column, value]) => `${column} = ${bind(value)}`);
  const select = db.query<{ edge: number }, (number | string | null)[]>(
    `SELECT ${key} AS edge FROM ${table} ${index === undefined ? 'NOT INDEXED' : `INDEXED BY ${index}`}
      WHERE ${[...terms, `${key} BETWEEN ${low} AND ${high}`].join(' AND ')}
      ORDER BY ${key} ${isAscending ? 'ASC' : 'DESC'} LIMIT 1 OFFSET ${SLICE_JOBS - 1}`,
  );
  let rest: Slice = { low: lowest ?? Number.MIN_SAFE_INTEGER, high: Number.MAX_SAFE_INTEGER };
  if (isInOrder && after) rest = { ...rest, [isAscending ? 'low' : 'high']: after.value };
  while (rest.low <= rest.high) {
    [values[0], values[1]] = [rest.low, rest.high];
    const edge = select.get(...values)?.edge;
    if (edge === undefined) {
      yield rest;
      return;
    }
    yield isAscending ? { low: rest.low, high: edge } : { low: edge, high: rest.high };
    rest = isAscending ? { low: edge + 1, high: rest.high } : { low: rest.low, high: edge - 1 };
  }
}

/** Whether all start times of a slice come behind a job. */
const isBeyond = ({ isAscending }: JobOrder, { low, high }: Slice, { value }: Found): boolean =>
  isAscending ? low > value! : high < value!;

/** FROM and WHERE of the matches of a slice. */
function sliceSource(walk: Walk, { low, high }: Slice, wanted: Wanted, bind: Bind): string {
  const { from, terms } = walkSource(walk, wanted, bind);
  const key = `${walk.table}.${walk.key}`;
  return `FROM ${from} WHERE ${[
    ...terms,
    `${key} BETWEEN ${bind(low)} AND ${bind(high)}`,
    ...lifeTerms(wanted, bind),
  ].join(' AND ')}`;
}

function countSlice(db: Database, walk: Walk, slice: Slice, wanted: Wanted): number {
  const { values, bind } = bindings();
  const sql = `SELECT count(*) AS jobs ${sliceSource(walk, slice, wanted, bind)}`;
  return db.query<{ jobs: number }, typeof values>(sql).get(...values)!.jobs;
}

/** The matches of a slice that come behind the page's start and before the worst that is held. */
function readSlice(
  db: Database,
  walk: Walk,
  slice: Slice,
  wanted: Wanted,
  page: ScanPage,
  worst: Found | undefined,
): Found[] {
  const { values, bind } = bindings();
  const { order, after, take } = page;
  const terms = [after && behind(order, after, bind), worst && before(order, worst, bind)].filter(
    (term) => term !== undefined,
  );
  // Materialized, because otherwise the value would be made anew wherever it is named.
  const sql = `WITH match AS MATERIALIZED (
      SELECT job.seq, job.id, ${sortValue(order.sort, wanted.nowMs, bind)} AS value ${sliceSource(walk, slice, wanted, bind)})
    SELECT seq, id, value FROM match ${terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`}
     ORDER BY value IS NULL, value ${order.isAscending ? 'ASC' : 'DESC'}, id LIMIT ${bind(take)}`;
  return db.query<Found, typeof values>(sql).all(...values);
}

/** What a job is sorted by, as the API shows it (domain `combineUsage`). */
function sortValue(sort: JobSort, nowMs: number, bind: Bind): string {
  const usage = (value: string) => `(SELECT ${value} FROM usage WHERE usage.job = job.seq)`;
  const mean = (column: string) =>
    usage(`iif(count(${column}) < 2, max(${column}), round(avg(${column}), 6))`);
  switch (sort) {
    case 'start_time':
      return 'job.start_time';
    case 'end_time':
      return 'job.end_time';
    case 'runtime':
      return runtimeOf(nowMs, bind);
    case 'cpu_usage':
      return `coalesce(${mean('cpu')}, 0)`;
    case 'memory_usage':
      return `coalesce(${usage('sum(memory)')}, 0)`;
    case 'gpu_usage':
      return mean('gpu');
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

/** The order of a list, as the database has it: ids by their bytes. */
function comparePositions({ isAscending }: JobOrder): (a: JobPosition, b: JobPosition) => number {
  const sign = isAscending ? 1 : -1;
  return (a, b) => {
    if (a.value !== null && b.value !== null && a.value !== b.value) return sign * (a.value - b.value);
    if ((a.value === null) !== (b.value === null)) return a.value === null ? 1 : -1;
    return Buffer.compare(Buffer.from(a.id), Buffer.from(b.id));
  };
}
