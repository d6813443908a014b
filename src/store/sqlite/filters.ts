import type { Database } from 'bun:sqlite';
import { JOB_STATES } from '../../domain/job.ts';
import type { JobFilter } from '../../domain/list.ts';
import { nameFinder } from './names.ts';

/** A filter in the numbers that rows carry. A part that is absent matches everything; none of the lists is empty. */
export interface Wanted {
  readonly nodes?: readonly number[];
  readonly users?: readonly number[];
  readonly states?: readonly number[];
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly minRuntimeMs?: number;
  /** A pattern for LIKE, and the users it matches. */
  readonly text?: { readonly pattern: string; readonly users: readonly number[] };
  readonly nowMs: number;
}

/** The values of a statement under construction; `bind` gives the place of one in its text. */
export function bindings() {
  const values: (number | string | null)[] = [];
  return { values, bind: (value: number | string | null) => `?${values.push(value)}` };
}
export type Bind = ReturnType<typeof bindings>['bind'];

/** Turns filters into numbers; undefined when a filter names nobody and nothing that was ever seen. */
export function filterReader(db: Database): (filter: JobFilter, nowMs: number) => Wanted | undefined {
  const find = { user: nameFinder(db, 'user'), node: nameFinder(db, 'node') };
  const selectAlike = db.query<{ id: number }, [string]>("SELECT id FROM user WHERE name LIKE ? ESCAPE '\\'");

  function findIds(table: 'user' | 'node', names: readonly string[]): number[] {
    const ids = names.flatMap((name) => find[table](name) ?? name.split(',').map(find[table]));
    return [...new Set(ids.filter((id) => id !== undefined))];
  }

  return ({ state, user, node, text, ...rest }, nowMs) => {
    const pattern = text === undefined ? undefined : `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    const wanted = {
      ...rest,
      nowMs,
      ...(state !== undefined && { states: statesOf(state) }),
      ...(user !== undefined && { users: findIds('user', listOf(user)) }),
      ...(node !== undefined && { nodes: findIds('node', listOf(node)) }),
      ...(pattern !== undefined && {
        text: { pattern, users: selectAlike.all(pattern).map(({ id }) => id) },
      }),
    };
    return [wanted.states, wanted.users, wanted.nodes].some((values) => values?.length === 0)
      ? undefined
      : wanted;
  };
}

const listOf = <Value extends string>(value: Value | readonly Value[]): readonly Value[] =>
  typeof value === 'string' ? [value] : value;

const statesOf = (state: NonNullable<JobFilter['state']>) => [
  ...new Set(listOf(state).map((one) => JOB_STATES.indexOf(one))),
];

/** Whether `job_count` knows how many jobs match: by state, user and at most one node. */
export const isCounted = ({ nodes = [], sinceMs, untilMs, minRuntimeMs, text }: Wanted): boolean =>
  nodes.length <= 1 && [sinceMs, untilMs, minRuntimeMs, text].every((part) => part === undefined);

/** The matches of a filter that `isCounted`. */
export function matchCounter(db: Database): (wanted: Wanted) => number {
  const select = db.query<{ jobs: number }, number[]>(
    'SELECT coalesce(sum(jobs), 0) AS jobs FROM job_count WHERE node = ? AND user = ? AND state BETWEEN ? AND ?',
  );
  return ({ nodes = [0], users = [0], states }) => {
    const ranges = states?.map((state) => [state, state]) ?? [[0, JOB_STATES.length]];
    let jobs = 0;
    for (const user of users) {
      for (const range of ranges) jobs += select.get(nodes[0]!, user, ...range)!.jobs;
    }
    return jobs;
  };
}

/** `column` is one of these numbers. */
export const isOneOf = (column: string, values: readonly number[], bind: Bind): string =>
  values.length === 1
    ? `${column} = ${bind(values[0]!)}`
    : `${column} IN (SELECT value FROM json_each(${bind(JSON.stringify(values))}))`;

/** Milliseconds that a row of `job` has run. An end that lies behind "now" is none yet. */
export const runtimeOf = (nowMs: number, bind: Bind): string => {
  const now = bind(nowMs);
  return `max(0, min(coalesce(job.end_time, ${now}), ${now}) - job.start_time)`;
};

/** What a row of `job` has to fulfil beside its state, user and nodes. */
export function lifeTerms({ sinceMs, untilMs, minRuntimeMs, text, nowMs }: Wanted, bind: Bind): string[] {
  const terms: string[] = [];
  if (sinceMs !== undefined) terms.push(`coalesce(job.end_time, ${bind(nowMs)}) >= ${bind(sinceMs)}`);
  if (untilMs !== undefined) terms.push(`job.start_time <= ${bind(untilMs)}`);
  if (minRuntimeMs !== undefined) terms.push(`${runtimeOf(nowMs, bind)} >= ${bind(minRuntimeMs)}`);
  if (text !== undefined) {
    const users = bind(JSON.stringify(text.users));
    terms.push(
      `(job.user IN (SELECT value FROM json_each(${users})) OR job.id LIKE ${bind(text.pattern)} ESCAPE '\\')`,
    );
  }
  return terms;
}
