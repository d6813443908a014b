import type { Database } from 'bun:sqlite';
import type { JobOrder } from '../../../domain/list.ts';
import { beyond, type Walk } from './by-index.ts';

/** Up to here the jobs of a list are skipped as they are read: that costs a microsecond a job. */
export const NEAR_JOBS = 500;
/** Entries of an index that are passed in one step: a millisecond or two. */
const STEP_ENTRIES = 25_000;
/** Of the way that is left, so much is taken at a time: to go too far costs more than to go again. */
const CAUTION = 0.97;
/** Jobs with one start time that may be sorted by id in one go. */
const CROWD_JOBS = 1000;

/** An entry of an index. */
interface Entry {
  readonly startMs: number;
  readonly seq: number;
}

/** Before all times, and before all jobs of one time. */
const edgeOf = ({ isAscending }: JobOrder): number =>
  isAscending ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;

/** The statements that look along one index in one direction, and read no job. */
function prepare(db: Database, { table, index, equals }: Walk, order: JobOrder) {
  const seq = table === 'job' ? 'seq' : 'job';
  const equal = Object.keys(equals).map((column, place) => `${column} = ?${place + 4}`);
  const source = (...terms: string[]) =>
    `FROM ${table} INDEXED BY ${index} WHERE ${[...equal, ...terms].join(' AND ')}`;
  const direction = order.isAscending ? 'ASC' : 'DESC';
  const past = beyond(order);
  return {
    // The third parameter is there for those of the index to have the same places in all three.
    peek: db.query<Entry, number[]>(
      `SELECT start_time AS startMs, ${seq} AS seq ${source(`start_time ${past} ?1`)}
        ORDER BY start_time ${direction}, ${seq} ${direction} LIMIT ?3 OFFSET ?2 - 1`,
    ),
    countTo: db.query<{ jobs: number }, number[]>(
      `SELECT count(*) AS jobs FROM (SELECT 1 ${source(`start_time ${past} ?1`, `?2 ${past}= start_time`)} LIMIT ?3)`,
    ),
    countTies: db.query<{ jobs: number }, number[]>(
      `SELECT count(*) AS jobs FROM (SELECT 1 ${source('start_time = ?1', `${seq} ${past} ?2`)} LIMIT ?3)`,
    ),
  };
}

/** Looks along the index of a walk in the order of a list. */
export interface IndexWay {
  /** The entry in so many places behind all of `pastMs`, the first being 1. */
  peek(pastMs: number, place: number): Entry | undefined;
  /** Entries behind all of `pastMs` up to all of `toMs`, counted up to `limit`. */
  countTo(pastMs: number, toMs: number, limit: number): number;
  /** Entries of the same time behind one, counted up to `limit`. */
  countTies(entry: Entry, limit: number): number;
}

export type FindWay = (walk: Walk, order: JobOrder) => IndexWay;

/** Prepares each of the few statements once for a connection. */
export function wayFinder(db: Database): FindWay {
  const known = new Map<string, ReturnType<typeof prepare>>();
  return (walk, order) => {
    const key = `${walk.index} ${order.isAscending}`;
    const statements = known.get(key) ?? prepare(db, walk, order);
    known.set(key, statements);
    const ids = Object.values(walk.equals);
    return {
      peek: (pastMs, place) => statements.peek.get(pastMs, place, 1, ...ids) ?? undefined,
      countTo: (pastMs, toMs, limit) => statements.countTo.get(pastMs, toMs, limit, ...ids)!.jobs,
      countTies: ({ startMs, seq }, limit) => statements.countTies.get(startMs, seq, limit, ...ids)!.jobs,
    };
  };
}

/** Where a list goes on after jobs that were passed. */
export interface Passed {
  /** All jobs up to this time were passed, and none behind it. */
  readonly pastMs: number;
  readonly jobs: number;
}

/**
 * Passes nearly `offset` jobs of a list that is merged from walks with so many jobs each, along the indexes alone: so far
 * along the one with the most jobs, and as far in time along the others. Jobs with one start time are passed together,
 * whatever their order among themselves. Yields after every step.
 */
export function* passJobs(
  findWay: FindWay,
  walks: readonly { readonly walk: Walk; readonly jobs: number }[],
  order: JobOrder,
  offset: number,
): Generator<undefined, Passed> {
  const ways = walks.map(({ walk, jobs }) => ({ left: jobs, ...findWay(walk, order) }));
  let pastMs = edgeOf(order);
  let jobs = 0;
  let pace = CAUTION;
  while (offset - jobs > NEAR_JOBS) {
    const rest = offset - jobs;
    const limit = Math.min(rest + 1, 2 * STEP_ENTRIES);
    const leader = ways.reduce((most, way) => (way.left > most.left ? way : most));
    const left = ways.reduce((sum, way) => sum + way.left, 0);
    const stride = Math.floor(Math.min(STEP_ENTRIES, rest * (leader.left / left)) * pace);
    const entry = stride < 1 ? undefined : leader.peek(pastMs, stride);
    if (!entry) break;
    yield;
    const counts = ways.map((way) =>
      way === leader ? stride + way.countTies(entry, limit) : way.countTo(pastMs, entry.startMs, limit),
    );
    yield;
    const passed = counts.reduce((sum, count) => sum + count, 0);
    if (passed > rest || counts.includes(limit)) {
      pace /= 2;
      continue;
    }
    for (const [index, count] of counts.entries()) ways[index]!.left -= count;
    jobs += passed;
    pastMs = entry.startMs;
    pace = CAUTION;
  }
  return { pastMs, jobs };
}

/**
 * Whether the next `take` jobs of a list, behind `pastMs`, may end among so many with one start time that SQLite would take
 * too long to sort them by id.
 */
export function isCrowded(
  findWay: FindWay,
  walks: readonly Walk[],
  order: JobOrder,
  { pastMs = edgeOf(order), take }: { readonly pastMs?: number | undefined; readonly take: number },
): boolean {
  return walks.some((walk) => {
    const way = findWay(walk, order);
    const entry = way.peek(pastMs, take + CROWD_JOBS);
    if (!entry) return false;
    return way.countTies({ startMs: entry.startMs, seq: edgeOf(order) }, CROWD_JOBS) === CROWD_JOBS;
  });
}
