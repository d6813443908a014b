import { JOB_STATES } from '../../../domain/job.ts';
import type { JobOrder, JobPosition } from '../../../domain/list.ts';
import { JOB_COLUMNS } from '../jobs/complete.ts';
import { type Bind, isOneOf, type Wanted } from './filters.ts';

/** One way along an index through some of the jobs, in the order of `key`. */
export interface Walk {
  readonly table: 'job' | 'job_node';
  /** Undefined for the table's own order. */
  readonly index: string | undefined;
  readonly key: 'start_time' | 'end_time' | 'seq';
  /** Which jobs are met: those with exactly these. */
  readonly equals: { readonly node?: number; readonly user?: number; readonly state?: number };
  readonly lowest?: number;
}

/** Beyond it fewer walks meet more jobs. */
const MAX_WALKS = 500;

const STATES = [...JOB_STATES.keys()];
/** Pending and running. */
const NOT_ENDED = [0, 1];

/**
 * The ways in the order of start times that together meet every match of node, user and state: one for each combination of
 * values, and of all states where none is asked for, because every index has the state. Where those are too many, fewer
 * ways meet jobs of other users too.
 */
export function walksByStart({ nodes, users, states = STATES }: Wanted): Walk[] {
  let walks: Walk['equals'][] = states.map((state) => ({ state }));
  for (const [column, values] of Object.entries({ node: nodes, user: users })) {
    if (values === undefined || (column === 'user' && walks.length * values.length > MAX_WALKS)) continue;
    walks = walks.flatMap((walk) => values.map((value) => ({ ...walk, [column]: value })));
  }
  return walks.map(walkByStart);
}

/** Whether a walk meets no jobs but those with a wanted user. */
export const isExact = ({ equals }: Walk, { users }: Wanted): boolean =>
  users === undefined || equals.user !== undefined;

/** Ways through the matches in any order, the fewest jobs that an index allows. */
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

/** FROM and WHERE of a walk: its jobs, and of them those with the wanted states and users. */
export function walkSource(walk: Walk, { nodes, users, states }: Wanted, bind: Bind) {
  const { table, index, equals } = walk;
  const terms = Object.entries(equals).map(([column, value]) => `${table}.${column} = ${bind(value)}`);
  if (users && equals.user === undefined) terms.push(isOneOf(`${table}.user`, users, bind));
  if (states && equals.state === undefined) terms.push(isOneOf(`${table}.state`, states, bind));
  if (nodes && nodes.length > 1) {
    // A job that has several of the wanted nodes is met on each way, and counts on the first one. The plus makes SQLite go through
    // the job's own nodes, which are few as a rule, and not look up each of the wanted ones.
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
  /** Only jobs behind all that start at this time. */
  readonly pastMs?: number | undefined;
  readonly take: number;
  readonly offset: number;
}

/**
 * The query of a page in the order of start times. The indexes are named so that the plan cannot change with the data:
 * each is walked in the order of the list, SQLite merges them as it goes, and leaves all of them at the page's end. Only the
 * jobs of the page are read whole.
 */
export function walkQuery(walks: readonly Walk[], wanted: Wanted, page: WalkPage, bind: Bind): string {
  const { order, after, pastMs, take, offset } = page;
  const parts = walks.map((walk) => {
    const { from, terms } = walkSource(walk, wanted, bind);
    if (after) terms.push(afterStart(walk, order, after, bind));
    if (pastMs !== undefined) terms.push(`${walk.table}.start_time ${beyond(order)} ${bind(pastMs)}`);
    return `SELECT job.seq AS seq, ${walk.table}.start_time AS start_time, job.id AS id
              FROM ${from} WHERE ${terms.join(' AND ')}`;
  });
  const byStart = `start_time ${order.isAscending ? 'ASC' : 'DESC'}, id`;
  return `WITH page AS MATERIALIZED (${parts.join(' UNION ALL ')}
            ORDER BY ${byStart} LIMIT ${bind(take)} OFFSET ${bind(offset)})
          SELECT ${JOB_COLUMNS} FROM page CROSS JOIN job ON job.seq = page.seq`;
}

/** Behind a position. The first comparison lets the index start there, the second leaves out what it has of that millisecond. */
function afterStart({ table }: Walk, order: JobOrder, { value, id }: JobPosition, bind: Bind) {
  const time = bind(value);
  const start = `${table}.start_time`;
  return `${start} ${beyond(order)}= ${time} AND (${start} ${beyond(order)} ${time} OR job.id > ${bind(id)})`;
}

/** How values that come later in a list compare with earlier ones. */
export const beyond = ({ isAscending }: JobOrder): '>' | '<' => (isAscending ? '>' : '<');
