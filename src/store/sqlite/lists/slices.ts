import type { Statement } from 'bun:sqlite';
import type { Bind } from '../sql/bindings.ts';
import type { Walk } from './by-index.ts';

/** The jobs of a walk within a range of its key, both ends included. */
export interface Slice {
  readonly low: number;
  readonly high: number;
  /** Further limits jobs with one key to this range of numbers, both ends included. */
  readonly seqs?: readonly [low: number, high: number];
}

/** Prepares each text once. */
type PrepareEdge = (sql: string) => Statement<{ edge: number }, number[]>;

interface Range {
  readonly low: number;
  readonly high: number;
  readonly isAscending: boolean;
}

/** The size of the next slice; the scan adapts it. */
interface SliceSize {
  jobs: number;
}

/** Cuts the range of a walk into slices of about `size.jobs` jobs, in the order of its key. */
export function* slices(
  prepare: PrepareEdge,
  walk: Walk,
  { low, high, isAscending }: Range,
  size: SliceSize,
): Generator<Slice, void> {
  const edges = edgeFinder(prepare, walk, isAscending);
  let rest = { low, high };
  while (rest.low <= rest.high) {
    const start = isAscending ? rest.low : rest.high;
    const edge = edges.key(rest, size.jobs);
    if (edge === undefined) {
      yield rest;
      return;
    }
    if (edge === start) {
      yield* edges.ofKey(edge, size);
      rest = isAscending ? { ...rest, low: edge + 1 } : { ...rest, high: edge - 1 };
    } else if (isAscending) {
      yield { low: rest.low, high: edge - 1 };
      rest = { ...rest, low: edge };
    } else {
      yield { low: edge + 1, high: rest.high };
      rest = { ...rest, high: edge };
    }
  }
}

function edgeFinder(prepare: PrepareEdge, { table, index, key, equals }: Walk, isAscending: boolean) {
  const seq = table === 'job' ? 'seq' : 'job';
  const equal = Object.keys(equals).map((column, place) => `${column} = ?${place + 4}`);
  const ids = Object.values(equals);
  const source = (term: string) =>
    `FROM ${table} ${index === undefined ? 'NOT INDEXED' : `INDEXED BY ${index}`}
      WHERE ${[...equal, term].join(' AND ')}`;
  const keySql = `SELECT ${key} AS edge ${source(`${key} BETWEEN ?1 AND ?2`)}
      ORDER BY ${key} ${isAscending ? 'ASC' : 'DESC'} LIMIT 1 OFFSET ?3 - 1`;
  const seqSql = `SELECT ${seq} AS edge ${source(`${key} = ?1 AND ${seq} > ?2`)} ORDER BY ${seq} LIMIT 1 OFFSET ?3 - 1`;
  return {
    /** Returns the key of the job at a place in a range, from 1; undefined if it has fewer. */
    key: ({ low, high }: Slice, place: number): number | undefined =>
      prepare(keySql).get(low, high, place, ...ids)?.edge,

    /** Yields slices of the jobs with one key. */
    *ofKey(value: number, size: SliceSize): Generator<Slice, void> {
      for (let last = Number.MIN_SAFE_INTEGER; ; ) {
        const edge = prepare(seqSql).get(value, last, size.jobs, ...ids)?.edge;
        yield { low: value, high: value, seqs: [last + 1, edge ?? Number.MAX_SAFE_INTEGER] };
        if (edge === undefined) return;
        last = edge;
      }
    },
  };
}

/** Returns the conditions that a job of a walk is in a slice. */
export function sliceTerms({ table, key }: Walk, { low, high, seqs }: Slice, bind: Bind): string[] {
  const name = `${table}.${key}`;
  if (!seqs) return [`${name} BETWEEN ${bind(low)} AND ${bind(high)}`];
  const number = table === 'job' ? 'job.seq' : 'job_node.job';
  return [`${name} = ${bind(low)}`, `${number} BETWEEN ${bind(seqs[0])} AND ${bind(seqs[1])}`];
}
