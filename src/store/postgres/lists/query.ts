import type { JobOrder, JobPosition, JobSort } from '../../../domain/list.ts';
import { type Bind, bindings } from '../sql/bindings.ts';
import type { Bound } from '../sql/queries.ts';
import { figureOf } from './figures.ts';
import { termsOf, type Wanted } from './filters.ts';

/** A statement and its values. */
interface Statement {
  readonly sql: string;
  readonly values: readonly Bound[];
}

interface PageQuery {
  readonly order: JobOrder;
  readonly after?: JobPosition | undefined;
  readonly offset: number;
  readonly take: number;
}

/** A match and the value it is sorted by. */
export interface Found extends JobPosition {
  readonly seq: number;
}

/** Above this, one scan is quicker than so many ranges of an index. */
const MAX_WALKS = 50;

/** The values of a range of an index. */
interface Walk {
  readonly state?: number | undefined;
  readonly user?: number | undefined;
  readonly node?: number | undefined;
}

/**
 * Returns the ranges of indexes by start time that together have exactly the matches of a filter by state,
 * user and at most one node; undefined if they are too many.
 */
export function walksOf(wanted: Pick<Wanted, 'states' | 'users' | 'nodes'>): Walk[] | undefined {
  const any: readonly undefined[] = [undefined];
  const states: readonly (number | undefined)[] = wanted.states ?? any;
  const users: readonly (number | undefined)[] = wanted.users ?? any;
  if (states.length * users.length > MAX_WALKS) return undefined;
  return states.flatMap((state) => users.map((user) => ({ state, user, node: wanted.nodes?.[0] })));
}

/**
 * Returns the statement of a page by start time that reads each range no further than to the end of the
 * page.
 */
export function walkQuery(walks: readonly Walk[], page: PageQuery): Statement {
  const { values, bind } = bindings();
  const direction = directionOf(page.order);
  const parts = walks.map(({ state, user, node }) => {
    const table = node === undefined ? 'job' : 'job_node';
    const terms = [
      node !== undefined && `job_node.node = ${bind(node)}::integer`,
      user !== undefined && `${table}.user = ${bind(user)}::integer`,
      state !== undefined && `${table}.state = ${bind(state)}::smallint`,
      page.after && afterStart(table, page.order, page.after, bind),
    ].filter((term) => typeof term === 'string');
    const from = node === undefined ? 'job' : 'job_node JOIN job ON job.seq = job_node.job';
    return `(SELECT job.seq, job.id, ${table}.start_time AS value FROM ${from}
      ${terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`}
      ORDER BY ${table}.start_time ${direction}, job.id LIMIT ${bind(page.offset + page.take)}::bigint)`;
  });
  return {
    sql: `SELECT seq, id, value FROM (${parts.join(' UNION ALL ')}) AS page
      ORDER BY value ${direction}, id LIMIT ${bind(page.take)}::bigint OFFSET ${bind(page.offset)}::bigint`,
    values,
  };
}

/** Returns the statement of a page of any list. */
export function scanQuery(wanted: Wanted, page: PageQuery): Statement {
  const { values, bind } = bindings();
  const { order, after, take, offset } = page;
  const match = `SELECT job.seq, job.id, ${sortValue(order.sort, wanted.nowMs, bind)} AS value FROM job ${whereOf(wanted, bind)}`;
  const behindAfter = after ? `WHERE ${behind(order, after, bind)}` : '';
  return {
    sql: `SELECT seq, id, value FROM (${match}) AS found ${behindAfter}
      ORDER BY value ${directionOf(order)} NULLS LAST, id LIMIT ${bind(take)}::bigint OFFSET ${bind(offset)}::bigint`,
    values,
  };
}

/** Returns the statement that counts the matches of any filter. */
export function countQuery(wanted: Wanted): Statement {
  const { values, bind } = bindings();
  return { sql: `SELECT count(*) AS jobs FROM job ${whereOf(wanted, bind)}`, values };
}

function whereOf(wanted: Wanted, bind: Bind): string {
  const terms = termsOf(wanted, bind);
  return terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
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

/**
 * The first comparison makes the index start at the position,
 * the second drops earlier jobs of that millisecond.
 */
function afterStart(table: string, order: JobOrder, { value, id }: JobPosition, bind: Bind): string {
  const time = `${bind(value)}::bigint`;
  const start = `${table}.start_time`;
  const beyond = beyondOf(order);
  return `${start} ${beyond}= ${time} AND (${start} ${beyond} ${time} OR job.id > ${bind(id)}::text)`;
}

function behind(order: JobOrder, { value, id }: JobPosition, bind: Bind): string {
  if (value === null) return `value IS NULL AND id > ${bind(id)}::text`;
  const place = `${bind(value)}::float8`;
  return `(value IS NULL OR value ${beyondOf(order)} ${place} OR (value = ${place} AND id > ${bind(id)}::text))`;
}

/** How a value later in the list compares with an earlier one. */
const beyondOf = ({ isAscending }: JobOrder): '>' | '<' => (isAscending ? '>' : '<');
const directionOf = ({ isAscending }: JobOrder): 'ASC' | 'DESC' => (isAscending ? 'ASC' : 'DESC');
