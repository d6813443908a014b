import type { JobOrder, JobPosition } from '../../../domain/list.ts';
import { FIRST_ENDED, STATE_NUMBERS } from '../../rows/states.ts';
import { JOB_COLUMNS } from '../jobs/complete.ts';
import type { Bind } from '../sql/bindings.ts';
import { isOneOf, type Wanted } from './filters.ts';

/** One range of an index, read in the order of `key`. */
export interface Walk {
  readonly table: 'job' | 'job_node';
  /** Undefined for the order of the table itself. */
  readonly index: string | undefined;
  readonly key: 'start_time' | 'end_time' | 'seq';
  /** The range holds exactly the jobs with these values. */
  readonly equals: { readonly node?: number; readonly user?: number; readonly state?: number };
  /** The least `key` that can match. */
  readonly lowest?: number;
}

/** Above this, walks are not split by user, because a scan of all users' jobs opens fewer ranges. */
const MAX_WALKS = 500;

const NOT_ENDED = STATE_NUMBERS.filter((state) => state < FIRST_ENDED);

/**
 * Returns the walks by start time that together cover every match of node, user and state: one for each
 * combination of values, over all states if none is given (each index begins with the state). Above
 * `MAX_WALKS` they also cover other users.
 */
export function walksByStart({ nodes, users, states = STATE_NUMBERS }: Wanted): Walk[] {
  let walks: Walk['equals'][] = states.map((state) => ({ state }));
  for (const [column, values] of Object.entries({ node: nodes, user: users })) {
    if (values === undefined || (column === 'user' && walks.length * values.length > MAX_WALKS)) continue;
    walks = walks.flatMap((walk) => values.map((value) => ({ ...walk, [column]: value })));
  }
  return walks.map(walkByStart);
}

/** Whether a walk covers only jobs of the wanted users. */
export const isExact = ({ equals }: Walk, { users }: Wanted): boolean =>
  users === undefined || equals.user !== undefined;

/** Returns the walks, in any order, that cover all matches with the fewest jobs that an index allows. */
export function walksThrough(wanted: Wanted): Walk[] {
  const { nodes, users, states, sinceMs, only } = wanted;
  if (nodes || users || only || (states && sinceMs === undefined)) return walksByStart(wanted);
  if (sinceMs === undefined) return [{ table: 'job', index: undefined, key: 'seq', equals: {} }];
  return [
    ...NOT_ENDED.filter((state) => states?.includes(state) ?? true).map((state) => walkByStart({ state })),
    { table: 'job', index: 'job_by_end', key: 'end_time', equals: {}, lowest: sinceMs },
  ];
}

function walkByStart(equals: Walk['equals']): Walk {
  const table = equals.node === undefined ? 'job' : 'job_node';
  const index = `${table}_by_${equals.user === undefined ? 'state' : 'user_state'}`;
  return { table, index, key: 'start_time', equals };
}

/** Returns FROM and WHERE of the jobs of a walk that have the wanted states, users and nodes. */
export function walkSource(walk: Walk, { nodes, users, states }: Wanted, bind: Bind) {
  const { table, index, equals } = walk;
  const terms = equalTerms(walk, bind);
  if (users && equals.user === undefined) terms.push(isOneOf(`${table}.user`, users, bind));
  if (states && equals.state === undefined) terms.push(isOneOf(`${table}.state`, states, bind));
  if (nodes && nodes.length > 1) {
    // A job on several of the wanted nodes is in several walks and counts in that of its lowest node. The
    // plus makes SQLite search the job's own nodes, usually few, instead of looking up each wanted one.
    terms.push(
      `NOT EXISTS (SELECT 1 FROM job_node AS other WHERE other.job = job_node.job AND other.node < job_node.node
          AND ${isOneOf('+other.node', nodes, bind)})`,
    );
  }
  const named = index === undefined ? 'NOT INDEXED' : `INDEXED BY ${index}`;
  const join = table === 'job_node' ? ' JOIN job ON job.seq = job_node.job' : '';
  return { from: `${table} ${named}${join}`, terms };
}

export interface WalkPage {
  readonly order: JobOrder;
  readonly after?: JobPosition | undefined;
  /** Only jobs after all that start at this time. */
  readonly pastMs?: number | undefined;
  /** Only jobs up to this start time, inclusive. */
  readonly endMs?: number | undefined;
  readonly take: number;
  readonly offset: number;
}

/**
 * Returns the query of a page by start time. It names the indexes, so that the plan cannot change with the
 * data: SQLite merges the walks, leaves all of them at the end of the page, and reads only the jobs of the
 * page in full.
 */
export function walkQuery(walks: readonly Walk[], wanted: Wanted, page: WalkPage, bind: Bind): string {
  const { order, after, take, offset } = page;
  const parts = walks.map((walk) => {
    const { from, terms } = walkSource(walk, wanted, bind);
    if (after) terms.push(afterStart(walk, order, after, bind));
    terms.push(...rangeTerms(walk, page, bind));
    return `SELECT job.seq AS seq, ${walk.table}.start_time AS start_time, job.id AS id
              FROM ${from} WHERE ${terms.join(' AND ')}`;
  });
  return `WITH page AS MATERIALIZED (${parts.join(' UNION ALL ')}
            ORDER BY start_time ${directionOf(order)}, id LIMIT ${bind(take)} OFFSET ${bind(offset)})
          SELECT ${JOB_COLUMNS} FROM page CROSS JOIN job ON job.seq = page.seq`;
}

/**
 * Returns the query of the start time `place` jobs after `pastMs` (1 is the next one), which reads the
 * indexes alone.
 */
export function placeQuery(
  walks: readonly Walk[],
  { order, pastMs, place }: Pick<WalkPage, 'order' | 'pastMs'> & { readonly place: number },
  bind: Bind,
): string {
  const parts = walks.map((walk) => {
    const terms = [...equalTerms(walk, bind), ...rangeTerms(walk, { order, pastMs }, bind)];
    return `SELECT start_time FROM ${walk.table} INDEXED BY ${walk.index} WHERE ${terms.join(' AND ')}`;
  });
  return `${parts.join(' UNION ALL ')} ORDER BY start_time ${directionOf(order)} LIMIT 1 OFFSET ${bind(place - 1)}`;
}

const equalTerms = ({ table, equals }: Walk, bind: Bind): string[] =>
  Object.entries(equals).map(([column, value]) => `${table}.${column} = ${bind(value)}`);

function rangeTerms({ table }: Walk, page: Pick<WalkPage, 'order' | 'pastMs' | 'endMs'>, bind: Bind) {
  const { order, pastMs, endMs } = page;
  const terms: string[] = [];
  if (pastMs !== undefined) terms.push(`${table}.start_time ${beyond(order)} ${bind(pastMs)}`);
  if (endMs !== undefined) terms.push(`${bind(endMs)} ${beyond(order)}= ${table}.start_time`);
  return terms;
}

/**
 * The first comparison makes the index start at the position,
 * the second drops earlier jobs of that millisecond.
 */
function afterStart({ table }: Walk, order: JobOrder, { value, id }: JobPosition, bind: Bind) {
  const time = bind(value);
  const start = `${table}.start_time`;
  return `${start} ${beyond(order)}= ${time} AND (${start} ${beyond(order)} ${time} OR job.id > ${bind(id)})`;
}

/** How a value later in the list compares with an earlier one. */
export const beyond = ({ isAscending }: JobOrder): '>' | '<' => (isAscending ? '>' : '<');
export const directionOf = ({ isAscending }: JobOrder): 'ASC' | 'DESC' => (isAscending ? 'ASC' : 'DESC');
