import type { OwnSight, Sight } from '../../../domain/caller.ts';
import { type DetailSpec, FILTER_DETAILS, type FilterDetail } from '../../../domain/detail.ts';
import { SEVERITIES } from '../../../domain/finding/severity.ts';
import type { JobFilter, JobRanges } from '../../../domain/list.ts';
import { RUNNING, STATE_NUMBERS, stateNumber } from '../../rows/states.ts';
import type { Bind } from '../sql/bindings.ts';
import { findName, findNames } from '../sql/names.ts';
import type { Queries } from '../sql/queries.ts';
import { rangeTerms } from './figures.ts';
import { findListedNodes } from './listed-nodes.ts';
import { findBySluid } from './sluids.ts';

/**
 * A filter with names replaced by the numbers in rows. An omitted field matches every job; no list is empty.
 */
export interface Wanted {
  readonly nodes?: readonly number[];
  readonly users?: readonly number[];
  readonly states?: readonly number[];
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly ranges?: JobRanges;
  readonly details?: readonly WantedDetail[];
  /** Kinds of findings as labels, and severities as places; a job has one of each that is given. */
  readonly findings?: readonly number[];
  readonly severities?: readonly number[];
  /** A LIKE pattern, in small letters, for ids, and the users whose names match it. */
  readonly text?: { readonly pattern: string; readonly users: readonly number[] } | undefined;
  /** If given, only these few jobs can match. */
  readonly only?: readonly number[];
  /** If given, only the jobs of some of the users, and those of some accounts, are to be seen. */
  readonly seen?: { readonly users: readonly number[]; readonly accounts: readonly number[] };
  readonly nowMs: number;
}

/** Values that match a job if it has any one of them. */
interface WantedDetail {
  /** A column of `detail`, or what is compared of it. */
  readonly column: string;
  readonly type: 'bigint' | 'text' | 'integer';
  readonly values: readonly (string | number)[];
  /** LIKE patterns. */
  readonly patterns: readonly string[];
}

/** A filter, and who asks: nothing else of the jobs that are not to be seen can be found out. */
export interface SeenFilter extends JobFilter {
  readonly sight: Sight;
}

const FILTER_ROWS: ReadonlyMap<FilterDetail, DetailSpec> = new Map(
  FILTER_DETAILS.map((row) => [row.key, row]),
);

const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
/** Returns the LIKE pattern for a text in which only `*` is special. */
const likeOf = (text: string): string => escapeLike(text).replace(/\*+/g, '%');
const listOf = <Value extends string>(value: Value | readonly Value[]): readonly Value[] =>
  typeof value === 'string' ? [value] : value;

async function findUsers(db: Queries, names: readonly string[]): Promise<number[]> {
  const whole = await findNames(db, 'user_name', names);
  const parts = names.filter((name) => !whole.has(name)).flatMap((name) => name.split(','));
  return [...new Set([...whole.values(), ...(await findNames(db, 'user_name', parts)).values()])];
}

async function readDetail(
  db: Queries,
  key: FilterDetail,
  value: string | readonly string[],
): Promise<WantedDetail> {
  const { column, kind, hasWildcards, isCaseless } = FILTER_ROWS.get(key)!;
  const given = listOf(value).flatMap((name) => [name, ...(name.includes(',') ? name.split(',') : [])]);
  if (kind === 'label') {
    // A pending job may name several partitions.
    const rows = await db.all<{ id: number }>(
      `SELECT DISTINCT id FROM label JOIN unnest($1::text[]) AS wanted (part)
         ON position(',' || wanted.part || ',' IN ',' || name || ',') > 0`,
      [given],
    );
    return { column: `detail.${column}`, type: 'integer', values: rows.map(({ id }) => id), patterns: [] };
  }
  const names = isCaseless ? given.map(lowerAscii) : given;
  const plain = `detail.${column} COLLATE "C"`;
  return {
    column: isCaseless ? `lower(${plain})` : plain,
    type: 'text',
    values: names.filter((name) => !hasWildcards || !name.includes('*')),
    patterns: names.filter((name) => hasWildcards && name.includes('*')).map(likeOf),
  };
}

/** Returns users of whom something is to be seen, and whether that is all of their jobs. */
async function findVisible(db: Queries, { user, accounts: names }: OwnSight) {
  const accounts = [...(await findNames(db, 'label', names)).values()];
  const rows = await db.all<{ user: number; hasOthers: boolean }>(
    `SELECT DISTINCT account_user.user, EXISTS (
         SELECT 1 FROM account_user AS other
          WHERE other.user = account_user.user AND other.account <> ALL($1::integer[])) AS "hasOthers"
       FROM account_user WHERE account = ANY($1::integer[])`,
    [accounts],
  );
  const visible = new Map(rows.map((row) => [row.user, !row.hasOthers]));
  const own = await findName(db, 'user_name', user);
  if (own !== undefined) visible.set(own, true);
  return { visible, accounts };
}

/** Restricts a list of users, or all, to those whose jobs somebody may see. */
async function readSight(
  db: Queries,
  sight: Sight,
  wanted: readonly number[] | undefined,
): Promise<Pick<Wanted, 'users' | 'seen'>> {
  if (sight === 'all') return wanted ? { users: wanted } : {};
  const { visible, accounts } = await findVisible(db, sight);
  const users = (wanted ?? [...visible.keys()]).filter((id) => visible.has(id));
  const whole = users.filter((id) => visible.get(id));
  return whole.length === users.length ? { users } : { users, seen: { users: whole, accounts } };
}

/** Replaces the names in a filter by numbers; undefined if a name was never stored, so nothing matches. */
export async function readFilter(
  db: Queries,
  filter: SeenFilter,
  nowMs: number,
): Promise<Wanted | undefined> {
  const { state, user, node, text, details, finding, severity, sluid, sight, ...rest } = filter;
  const wanted: Wanted = {
    ...rest,
    nowMs,
    ...(state !== undefined && { states: [...new Set(listOf(state).map((one) => stateNumber(one)))] }),
    ...(await readSight(db, sight, user === undefined ? undefined : await findUsers(db, listOf(user)))),
    ...(node !== undefined && { nodes: await findListedNodes(db, listOf(node)) }),
    ...(details && {
      details: await Promise.all(
        Object.entries(details).map(([key, value]) => readDetail(db, key as FilterDetail, value)),
      ),
    }),
    ...(finding !== undefined && { findings: [...(await findNames(db, 'label', listOf(finding))).values()] }),
    ...(severity !== undefined && { severities: listOf(severity).map((one) => SEVERITIES.indexOf(one)) }),
    ...(sluid !== undefined && { only: await findBySluid(db, listOf(sluid), sight) }),
    ...(text !== undefined && { text: await readText(db, text) }),
  };
  const lists = [
    wanted.states,
    wanted.users,
    wanted.nodes,
    wanted.only,
    wanted.findings,
    ...(wanted.details ?? []).map(({ values, patterns }) => [...values, ...patterns]),
  ];
  return lists.some((values) => values?.length === 0) ? undefined : wanted;
}

async function readText(db: Queries, text: string): Promise<Wanted['text']> {
  const pattern = `%${escapeLike(lowerAscii(text))}%`;
  const users = await db.all<{ id: number }>('SELECT id FROM user_name WHERE lower(name) LIKE $1', [pattern]);
  return { pattern, users: users.map(({ id }) => id) };
}

/**
 * Whether `job_count` has the number of matches: for filters by state, user and at most one node, unless only
 * some jobs of those users are to be seen.
 */
export function isCounted({ nodes = [], users: _u, states: _s, nowMs: _n, ...others }: Wanted): boolean {
  return nodes.length <= 1 && Object.values(others).every((part) => part === undefined);
}

/** Counts the matches of a filter that `isCounted`. */
export async function countMatches(
  db: Queries,
  { nodes = [0], users = [0], states = STATE_NUMBERS }: Wanted,
): Promise<number> {
  const row = await db.get<{ jobs: number }>(
    `SELECT coalesce(sum(jobs), 0)::bigint AS jobs FROM job_count
      WHERE state = ANY($1::smallint[]) AND node = $2 AND job_count.user = ANY($3::integer[])`,
    [states, nodes[0]!, users],
  );
  return row!.jobs;
}

const isOneOf = (column: string, values: readonly (number | string)[], type: string, bind: Bind): string =>
  values.length === 1
    ? `${column} = ${bind(values[0]!)}::${type}`
    : `${column} = ANY(${bind(values)}::${type}[])`;

function isWantedDetail({ column, type, values, patterns }: WantedDetail, bind: Bind): string {
  const ways = patterns.map((pattern) => `${column} LIKE ${bind(pattern)}`);
  if (values.length > 0) ways.push(isOneOf(column, values, type, bind));
  return `(${ways.join(' OR ')})`;
}

/** Returns all conditions on a row of `job`. */
export function termsOf(wanted: Wanted, bind: Bind): string[] {
  const { nodes, users, states, sinceMs, untilMs, ranges, details, only, text, seen, nowMs } = wanted;
  const terms: string[] = [];
  if (states) terms.push(isOneOf('job.state', states, 'smallint', bind));
  if (users) terms.push(isOneOf('job.user', users, 'integer', bind));
  if (nodes)
    terms.push(
      `job.seq IN (SELECT job FROM job_node WHERE ${isOneOf('job_node.node', nodes, 'integer', bind)})`,
    );
  if (seen) {
    const isOfAccount = isOneOf('detail.account', seen.accounts, 'integer', bind);
    const isOfAccounts = `EXISTS (SELECT 1 FROM detail WHERE detail.job = job.seq AND ${isOfAccount})`;
    terms.push(
      seen.users.length === 0
        ? isOfAccounts
        : `(${isOneOf('job.user', seen.users, 'integer', bind)} OR ${isOfAccounts})`,
    );
  }
  if (only) terms.push(isOneOf('job.seq', only, 'bigint', bind));
  if (sinceMs !== undefined)
    terms.push(
      nowMs >= sinceMs
        ? `(job.end_time >= ${bind(sinceMs)}::bigint OR job.state < 2)`
        : `job.end_time >= ${bind(sinceMs)}::bigint`,
    );
  if (untilMs !== undefined) terms.push(`job.start_time <= ${bind(untilMs)}::bigint`);
  if (details) {
    const parts = details.map((detail) => isWantedDetail(detail, bind));
    terms.push(`EXISTS (SELECT 1 FROM detail WHERE detail.job = job.seq AND ${parts.join(' AND ')})`);
  }
  if (ranges) terms.push(...rangeTerms(ranges, nowMs, bind));
  terms.push(...findingTerms(wanted, bind));
  if (text !== undefined)
    terms.push(
      `(job.user = ANY(${bind(text.users)}::integer[]) OR lower(job.id) LIKE ${bind(text.pattern)})`,
    );
  return terms;
}

const findingTerms = ({ findings, severities }: Wanted, bind: Bind): string[] =>
  (
    [
      ['kind', findings, 'integer'],
      ['severity', severities, 'smallint'],
    ] as const
  ).flatMap(([column, values, type]) =>
    values
      ? `CASE WHEN job.state = ${RUNNING}
           THEN EXISTS (SELECT 1 FROM running_finding WHERE run = job.seq AND ${isOneOf(column, values, type, bind)})
           ELSE EXISTS (SELECT 1 FROM run_finding WHERE run = job.seq AND ${isOneOf(column, values, type, bind)}) END`
      : [],
  );
