import type { Database } from 'bun:sqlite';
import type { OwnSight, Sight } from '../../../domain/caller.ts';
import { type DetailSpec, FILTER_DETAILS, type FilterDetail } from '../../../domain/detail.ts';
import { SEVERITIES } from '../../../domain/finding/severity.ts';
import type { JobFilter, JobRanges } from '../../../domain/list.ts';
import { RUNNING, STATE_NUMBERS, stateNumber } from '../../rows/states.ts';
import { isOfManyRows, rangeTerms } from '../jobs/figures.ts';
import type { Bind } from '../sql/bindings.ts';
import { nameFinder } from '../sql/names.ts';
import { listedNodeFinder } from './listed-nodes.ts';
import { type FewJobs, sluidFinder } from './sluids.ts';

/**
 * A filter with names replaced by the numbers in rows. An omitted field matches every job; no list is empty.
 */
export interface Wanted {
  readonly nodes?: readonly number[];
  /** More nodes than are walked one by one: a byte for each number of a node, 1 if it is wanted. */
  readonly manyNodes?: Uint8Array;
  readonly users?: readonly number[];
  readonly states?: readonly number[];
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly ranges?: JobRanges;
  readonly details?: readonly WantedDetail[];
  /** Kinds of findings as labels, and severities as places; a job has one of each that is given. */
  readonly findings?: readonly number[];
  readonly severities?: readonly number[];
  /** Part of an id, the same as a LIKE pattern, and the users whose names match it. */
  readonly text?: { readonly part: string; readonly pattern: string; readonly users: readonly number[] };
  /** If given, only these few jobs can match. */
  readonly only?: FewJobs;
  /** If given, only the jobs of some of the users, and those of some accounts, are to be seen. */
  readonly seen?: { readonly users: readonly number[]; readonly accounts: readonly number[] };
  readonly nowMs: number;
}

/** Values that match a job if it has any one of them. */
export interface WantedDetail {
  readonly key: FilterDetail;
  readonly isCaseless: boolean;
  /** A column of `detail`, or what is compared of it. */
  readonly column: string;
  readonly values: readonly (string | number)[];
  /** Patterns of GLOB. */
  readonly patterns: readonly string[];
}

/** A filter, and who asks: nothing else of the jobs that are not to be seen can be found out. */
export interface SeenFilter extends JobFilter {
  readonly sight: Sight;
}

const FILTER_ROWS: ReadonlyMap<FilterDetail, DetailSpec> = new Map(
  FILTER_DETAILS.map((row) => [row.key, row]),
);

/**
 * Returns a function that replaces the names in a filter by numbers; undefined if a name was never stored, so
 * nothing matches.
 */
export function filterReader(db: Database): (filter: SeenFilter, nowMs: number) => Wanted | undefined {
  const findUser = nameFinder(db, 'user');
  const findLabel = nameFinder(db, 'label');
  const findNodes = listedNodeFinder(db);
  const selectAlike = db.query<{ id: number }, [string]>("SELECT id FROM user WHERE name LIKE ? ESCAPE '\\'");

  // A pending job may name several partitions.
  const selectLabels = db.query<{ id: number }, [string]>(
    "SELECT id FROM label WHERE instr(',' || name || ',', ',' || ? || ',') > 0",
  );
  const findLabels = (name: string) => selectLabels.all(name).map(({ id }) => id);

  function findUsers(names: readonly string[]): number[] {
    const ids = names.flatMap((name) => findUser(name) ?? name.split(',').map(findUser));
    return [...new Set(ids.filter((id) => id !== undefined))];
  }

  function readDetail(key: FilterDetail, value: string | readonly string[]): WantedDetail {
    const { column, kind, hasWildcards, isCaseless = false } = FILTER_ROWS.get(key)!;
    const given = listOf(value).flatMap((name) => [name, ...(name.includes(',') ? name.split(',') : [])]);
    if (kind === 'label')
      return { key, isCaseless, column: `detail.${column}`, values: given.flatMap(findLabels), patterns: [] };
    const names = isCaseless ? given.map(lowerAscii) : given;
    return {
      key,
      isCaseless,
      column: isCaseless ? `lower(detail.${column})` : `detail.${column}`,
      values: names.filter((name) => !hasWildcards || !name.includes('*')),
      patterns: names.filter((name) => hasWildcards && name.includes('*')).map(globOf),
    };
  }

  const findBySluid = sluidFinder(db);
  const readSight = sightReader(db);

  return ({ state, user, node, text, details, finding, severity, sluid, sight, ...rest }, nowMs) => {
    const pattern = text === undefined ? undefined : `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    const wanted = {
      ...rest,
      nowMs,
      ...(state !== undefined && { states: statesOf(state) }),
      ...readSight(sight, user === undefined ? undefined : findUsers(listOf(user))),
      ...(node !== undefined && nodesOf(findNodes(listOf(node)))),
      ...(details && {
        details: Object.entries(details).map(([key, value]) => readDetail(key as FilterDetail, value)),
      }),
      ...(finding !== undefined && { findings: listOf(finding).flatMap((kind) => findLabel(kind) ?? []) }),
      ...(severity !== undefined && { severities: listOf(severity).map((one) => SEVERITIES.indexOf(one)) }),
      ...(sluid !== undefined && { only: findBySluid(listOf(sluid), sight) }),
      ...(text !== undefined &&
        pattern !== undefined && {
          text: { part: text, pattern, users: selectAlike.all(pattern).map(({ id }) => id) },
        }),
    };
    const lists = [
      wanted.states,
      wanted.users,
      wanted.nodes,
      wanted.only?.seqs,
      wanted.findings,
      ...(wanted.details ?? []).map(({ values, patterns }) => [...values, ...patterns]),
    ];
    return lists.some((values) => values?.length === 0) ? undefined : wanted;
  };
}

/** Returns a function that restricts a list of users, or all, to those whose jobs somebody may see. */
function sightReader(db: Database) {
  const findUser = nameFinder(db, 'user');
  const findLabel = nameFinder(db, 'label');
  const selectUsers = db.query<{ user: number; hasOthers: number }, [string]>(
    `WITH seen AS MATERIALIZED (SELECT value AS account FROM json_each(?))
     SELECT DISTINCT user, EXISTS (
         SELECT 1 FROM account_user AS other WHERE other.user = account_user.user AND other.account NOT IN seen
       ) AS hasOthers FROM account_user WHERE account IN seen`,
  );

  /** Returns users of whom something is to be seen, and whether that is all of their jobs. */
  function findVisible({ user, accounts: names }: OwnSight) {
    const accounts = names.map(findLabel).filter((id) => id !== undefined);
    const rows = accounts.length > 0 ? selectUsers.all(JSON.stringify(accounts)) : [];
    const visible = new Map(rows.map((row) => [row.user, row.hasOthers === 0]));
    const own = findUser(user);
    if (own !== undefined) visible.set(own, true);
    return { visible, accounts };
  }

  return (sight: Sight, wanted: readonly number[] | undefined): Pick<Wanted, 'users' | 'seen'> => {
    if (sight === 'all') return wanted ? { users: wanted } : {};
    const { visible, accounts } = findVisible(sight);
    const users = (wanted ?? [...visible.keys()]).filter((id) => visible.has(id));
    const whole = users.filter((id) => visible.get(id));
    return whole.length === users.length ? { users } : { users, seen: { users: whole, accounts } };
  };
}

/** Above this, reading all jobs is quicker than reading those of each node: 2,000 nodes are a cluster. */
const MAX_WALKED_NODES = 100;

function nodesOf(nodes: readonly number[]): Pick<Wanted, 'nodes' | 'manyNodes'> {
  if (nodes.length <= MAX_WALKED_NODES) return { nodes };
  const manyNodes = new Uint8Array(Math.max(...nodes) + 1);
  for (const node of nodes) manyNodes[node] = 1;
  return { manyNodes };
}

const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Returns the pattern of GLOB for a text in which only `*` is special. */
const globOf = (text: string): string => text.replace(/[?[]/g, '[$&]').replace(/\*+/g, '*');

const listOf = <Value extends string>(value: Value | readonly Value[]): readonly Value[] =>
  typeof value === 'string' ? [value] : value;

const statesOf = (state: NonNullable<JobFilter['state']>) => [
  ...new Set(listOf(state).map((one) => stateNumber(one))),
];

/**
 * Whether `job_count` has the number of matches: for filters by state, user and at most one node, unless only
 * some jobs of those users are to be seen.
 */
export const isCounted = ({
  nodes = [],
  manyNodes,
  sinceMs,
  untilMs,
  ranges,
  details,
  findings,
  severities,
  text,
  only,
  seen,
}: Wanted): boolean =>
  nodes.length <= 1 &&
  [manyNodes, sinceMs, untilMs, ranges, details, findings, severities, text, only, seen].every(
    (part) => part === undefined,
  );

/** Returns a function that counts the matches of a filter that `isCounted`. */
export function matchCounter(db: Database): (wanted: Wanted) => number {
  const select = db.query<{ jobs: number }, number[]>(
    'SELECT jobs FROM job_count WHERE state = ? AND node = ? AND user = ?',
  );
  return ({ nodes = [0], users = [0], states = STATE_NUMBERS }) => {
    let jobs = 0;
    for (const user of users) {
      for (const state of states) jobs += select.get(state, nodes[0]!, user)?.jobs ?? 0;
    }
    return jobs;
  };
}

/** Whether looking at one job may mean to read thousands of rows. */
export const isOfManyRowsEach = ({ ranges = {} }: Wanted): boolean => Object.keys(ranges).some(isOfManyRows);

/** Returns the condition that a column has one of these values. */
export const isOneOf = (column: string, values: readonly (number | string)[], bind: Bind): string =>
  values.length === 1
    ? `${column} = ${bind(values[0]!)}`
    : `${column} IN (SELECT value FROM json_each(${bind(JSON.stringify(values))}))`;

/** Returns the condition that a detail is one of the wanted values or matches one of the patterns. */
function isWantedDetail({ column, values, patterns }: WantedDetail, bind: Bind): string {
  const ways = patterns.map((pattern) => `${column} GLOB ${bind(pattern)}`);
  if (values.length > 0) ways.push(isOneOf(column, values, bind));
  return `(${ways.join(' OR ')})`;
}

/** Returns the conditions on a row of `job` beside its state, user and nodes. */
export function lifeTerms(wanted: Wanted, bind: Bind): string[] {
  const { manyNodes, sinceMs, untilMs, ranges, details, findings, severities, text, only, seen, nowMs } =
    wanted;
  const terms: string[] = [];
  if (seen) {
    const isOfAccount = isOneOf('detail.account', seen.accounts, bind);
    const isOfAccounts = `EXISTS (SELECT 1 FROM detail WHERE detail.job = job.seq AND ${isOfAccount})`;
    const isOfUsers = () => isOneOf('job.user', seen.users, bind);
    terms.push(seen.users.length === 0 ? isOfAccounts : `(${isOfUsers()} OR ${isOfAccounts})`);
  }
  if (manyNodes) {
    // SQLite would read a list of numbers anew for each slice.
    const isOfThem = `substr(${bind(manyNodes)}, own.node + 1, 1) = x'01'`;
    terms.push(`EXISTS (SELECT 1 FROM job_node AS own WHERE own.job = job.seq AND ${isOfThem})`);
  }
  if (only) terms.push(isOneOf('job.seq', only.seqs, bind));
  if (sinceMs !== undefined) terms.push(`coalesce(job.end_time, ${bind(nowMs)}) >= ${bind(sinceMs)}`);
  if (untilMs !== undefined) terms.push(`job.start_time <= ${bind(untilMs)}`);
  if (details) {
    const parts = details.map((detail) => isWantedDetail(detail, bind));
    terms.push(`EXISTS (SELECT 1 FROM detail WHERE detail.job = job.seq AND ${parts.join(' AND ')})`);
  }
  if (ranges) terms.push(...rangeTerms(ranges, nowMs, bind));
  for (const [column, values] of [
    ['kind', findings],
    ['severity', severities],
  ] as const) {
    if (values) {
      const has = (table: string) =>
        `EXISTS (SELECT 1 FROM ${table} WHERE run = job.seq AND ${isOneOf(column, values, bind)})`;
      terms.push(`iif(job.state = ${RUNNING}, ${has('running_finding')}, ${has('run_finding')})`);
    }
  }
  if (text !== undefined) {
    const users = bind(JSON.stringify(text.users));
    terms.push(
      `(job.user IN (SELECT value FROM json_each(${users})) OR job.id LIKE ${bind(text.pattern)} ESCAPE '\\')`,
    );
  }
  return terms;
}
