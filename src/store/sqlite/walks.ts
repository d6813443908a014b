import type { JobOrder, JobPosition } from '../../domain/list.ts';
import { type Bind, isOneOf, type Wanted } from './filters.ts';
import { JOB_COLUMNS } from './jobs.ts';

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

/** More ways than this cost more to start than they save. */
const MAX_WALKS = 100;

/** Pending and running. */
const NOT_ENDED = [0, 1];

/**
 * The ways in the order of start times that together meet every match of node, user and state: one for each combination of
 * values. Where those are too many, fewer ways meet other jobs too.
 */
export function walksByStart({ nodes, users, states }: Wanted): Walk[] {
  let walks: Walk['equals'][] = [{}];
  for (const [column, values] of Object.entries({ node: nodes, user: users, state: states })) {
    if (values === undefined) continue;
    const finer = walks.flatMap((walk) => values.map((value) => ({ ...walk, [column]: value })));
    if (finer.length > MAX_WALKS && walks.length > 1) break;
    walks = finer;
  }
  return walks.map(walkByStart);
}

/** Whether a walk meets no jobs but those with a wanted node, user and state. */
export const isExact = ({ equals }: Walk, { nodes, users, states }: Wanted): boolean =>
  Object.keys(equals).length === [nodes, users, states].filter((values) => values !== undefined).length;

/** Ways through the matches in any order, the fewest jobs that an index allows. */
export function walksThrough(wanted: Wanted): Walk[] {
  const { nodes, users, states, sinceMs } = wanted;
  if (nodes || users || (states && sinceMs === undefined)) return walksByStart(wanted);
  if (sinceMs === undefined) return [{ table: 'job', index: undefined, key: 'seq', equals: {} }];
  return [
    ...NOT_ENDED.filter((state) => states?.includes(state) ?? true).map((state) => walkByStart({ state })),
    { table: 'job', index: 'job_by_end', key: 'end_time', equals: {}, lowest: sinceMs },
  ];
}

function walkByStart(equals: Walk['equals']): Walk {
  const { node, user, state } = equals;
  const table = node === undefined ? 'job' : 'job_node';
  const rest =
    user !== undefined && state !== undefined
      ? 'user_state'
      : user !== undefined
        ? 'user'
        : state !== undefined
          ? 'state'
          : 'start';
  return { table, index: `${table}_by_${rest}`, key: 'start_time', equals };
}

/** FROM and WHERE of a walk: its jobs, and of them those with the wanted states and users. */
export function walkSource(walk: Walk, { nodes, users, states }: Wanted, bind: Bind) {
  const { table, index, equals } = walk;
  const terms = Object.entries(equals).map(([column, value]) => `${table}.${column} = ${bind(value)}`);
  if (users && equals.user === undefined) terms.push(isOneOf(`${table}.user`, users, bind));
  if (states && equals.state === undefined) terms.push(isOneOf(`${table}.state`, states, bind));
  if (nodes && nodes.length > 1) {
    // A job that has several of the wanted nodes is met on each way, and counts on the first one.
    terms.push(
      `NOT EXISTS (SELECT 1 FROM job_node AS other WHERE other.job = job_node.job AND other.node < job_node.node
          AND ${isOneOf('other.node', nodes, bind)})`,
    );
  }
  const named = index === undefined ? 'NOT INDEXED' : `INDEXED BY ${index}`;
  const join = table === 'job_node' ? ' JOIN job ON job.seq = job_node.job' : '';
  return { from: `${table} ${named}${join}`, terms };
}

export interface WalkPage {
  readonly order: JobOrder;
  readonly after?: JobPosition;
  /** The list is read from its end: ties are the other way round too. */
  readonly isReversed?: boolean;
  readonly take: number;
  readonly offset: number;
}

/**
 * The query of a page in the order of start times. The indexes are named so that the plan cannot change with the data:
 * each is walked in the order of the list and left at the page's end. Several ways are merged.
 */
export function walkQuery(walks: readonly Walk[], wanted: Wanted, page: WalkPage, bind: Bind): string {
  const { order, after, isReversed = false, take, offset } = page;
  const direction = order.isAscending ? 'ASC' : 'DESC';
  const query = (walk: Walk, limits: string) => {
    const { from, terms } = walkSource(walk, wanted, bind);
    if (after) terms.push(afterStart(walk, order, after, bind));
    const where = terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
    return `SELECT ${JOB_COLUMNS} FROM ${from} ${where}
             ORDER BY ${walk.table}.start_time ${direction}, job.id ${isReversed ? 'DESC' : 'ASC'} ${limits}`;
  };
  if (walks.length === 1) return query(walks[0]!, `LIMIT ${bind(take)} OFFSET ${bind(offset)}`);
  const parts = walks.map((walk) => `SELECT * FROM (${query(walk, `LIMIT ${bind(take + offset)}`)})`);
  return `${parts.join(' UNION ALL ')}
           ORDER BY start_time ${direction}, id LIMIT ${bind(take)} OFFSET ${bind(offset)}`;
}

/** Behind a position. The first comparison lets the index start there, the second leaves out what it has of that millisecond. */
function afterStart({ table }: Walk, { isAscending }: JobOrder, { value, id }: JobPosition, bind: Bind) {
  const time = bind(value);
  const beyond = isAscending ? '>' : '<';
  const start = `${table}.start_time`;
  return `${start} ${beyond}= ${time} AND (${start} ${beyond} ${time} OR job.id > ${bind(id)})`;
}
