import type { Database } from 'bun:sqlite';
import { offsetTooLarge, TOO_MANY_LISTS } from '../../../domain/errors.ts';
import { createGate } from '../../../domain/gate.ts';
import type { Job } from '../../../domain/job.ts';
import {
  type JobOrder,
  type JobPage,
  type JobPosition,
  type ListStart,
  NEWEST_FIRST,
  type Page,
} from '../../../domain/list.ts';
import { type Rank, yieldToOthers } from '../../../pace.ts';
import type { JobRow } from '../../rows/complete-job.ts';
import type { LongReads } from '../file/long-reads.ts';
import { jobCompleter } from '../jobs/complete.ts';
import { bindings } from '../sql/bindings.ts';
import { scanColumns } from './by-column.ts';
import { isExact, type Walk, walkQuery, walksByStart } from './by-index.ts';
import { scanJobs } from './by-scan.ts';
import { filterReader, isCounted, matchCounter, type SeenFilter, type Wanted } from './filters.ts';
import type { Found } from './found.ts';
import { jobSkipper, NEAR_JOBS } from './skip.ts';

/** A scan keeps the jobs it skips in memory. */
const MAX_SCAN_OFFSET = 100_000;
/**
 * Walks that SQLite merges, where each row passes through all of them. More walks, as of many users, are
 * scanned one by one.
 */
const MAX_MERGED = 50;
/** Jobs read in one statement. */
const STEP_JOBS = 250;
/** Jobs in a page of a stream. */
const STREAM_JOBS = 500;
/** Reading the row of a job takes as long as the columns of so many, and a row of few jobs no time. */
const ROW_COST = 200;
const FEW_JOBS = 2000;
/** Users and nodes whose jobs are counted to find out whether they are few. */
const MAX_COUNTED = 200;
/** Jobs in a page of a stream by scan: each page starts the scan again. */
const STREAM_SCAN_JOBS = 10_000;

interface Counting {
  /** If false, the total is 0 and costs nothing. */
  readonly isCounting: boolean;
}

/** The rest of a list: `limit` jobs after a job, or after all jobs of a time, and after `offset` more. */
interface Rest {
  readonly after?: JobPosition | undefined;
  readonly pastMs?: number | undefined;
  readonly offset: number;
  readonly limit: number;
}

interface PartOfList {
  readonly jobs: Job[];
  readonly next?: JobPosition | undefined;
  readonly total: number;
}

/** Lists jobs through one connection. */
export function jobLister(db: Database) {
  const readFilter = filterReader(db);
  const count = matchCounter(db);
  const complete = jobCompleter(db);
  const skipper = jobSkipper(db);

  /** Returns the walks that give a list in its order; undefined if it needs a scan. */
  function walksOf(wanted: Wanted, order: JobOrder): Walk[] | undefined {
    if (order.sort !== 'startTime' || !isCounted(wanted)) return undefined;
    const walks = walksByStart(wanted);
    return walks.length <= MAX_MERGED && walks.every((walk) => isExact(walk, wanted)) ? walks : undefined;
  }

  /**
   * Reads the rows of a page; undefined if sorting the ties at its start or end would take too long. Its end
   * is found on the indexes first: with it, SQLite sorts no ties beyond the page in any of the walks.
   */
  function readRows(
    walks: readonly Walk[],
    wanted: Wanted,
    order: JobOrder,
    { limit: take, ...rest }: Rest,
  ): JobRow[] | undefined {
    const firstMs = rest.after?.value ?? undefined;
    const endMs = skipper.findTime(walks, order, firstMs ?? rest.pastMs, rest.offset + take);
    const isCrowded = [firstMs, endMs].some(
      (startMs) => startMs !== undefined && skipper.isCrowded(walks, order, startMs),
    );
    if (isCrowded) return undefined;
    const { values, bind } = bindings();
    const sql = walkQuery(walks, wanted, { ...rest, order, endMs, take }, bind);
    return db.query<JobRow, typeof values>(sql).all(...values);
  }

  /** Skips most of a large offset on the indexes; undefined if the list is shorter. */
  function* passMost(
    walks: readonly Walk[],
    wanted: Wanted,
    order: JobOrder,
    rest: Rest,
  ): Generator<undefined, Rest | undefined> {
    if (rest.offset <= NEAR_JOBS || rest.after) return rest;
    if (count(wanted) <= rest.offset) return undefined;
    const ways = walks.map((walk) => ({ walk, jobs: count(onlyOf(walk, wanted)) }));
    const passed = yield* skipper.pass(ways, order, rest.offset);
    return { ...rest, pastMs: passed.pastMs, offset: rest.offset - passed.jobs };
  }

  /** Reads a part of a list from indexes in its order. */
  function* walk(
    walks: readonly Walk[],
    wanted: Wanted,
    order: JobOrder,
    whole: Rest,
  ): Generator<undefined, PartOfList> {
    const jobs: Job[] = [];
    let rest = yield* passMost(walks, wanted, order, whole);
    while (rest) {
      const take = Math.min(rest.limit, STEP_JOBS);
      const rows = readRows(walks, wanted, order, { ...rest, limit: take + 1 });
      if (!rows) {
        const part = yield* scan(wanted, order, rest, { isCounting: false });
        return { ...part, jobs: [...jobs, ...part.jobs] };
      }
      for (const job of yield* complete.complete(rows.slice(0, take))) jobs.push(job);
      const next = rows.length > take ? startOf(rows[take - 1]!) : undefined;
      if (!next || rest.limit === take) return { jobs, next, total: 0 };
      rest = { after: next, offset: 0, limit: rest.limit - take };
      yield;
    }
    return { jobs, total: 0 };
  }

  /** Whether reading the rows of all jobs of the wanted users, nodes and states would take too long. */
  function isOfManyJobs({ only, users = [], nodes = [], states, nowMs }: Wanted): boolean {
    if (only) return false;
    const perNode: Partial<Wanted>[] = nodes.length > 0 ? nodes.map((node) => ({ nodes: [node] })) : [{}];
    if (perNode.length * Math.max(1, users.length) > MAX_COUNTED) return true;
    const of = { nowMs, ...(users.length > 0 && { users }), ...(states && { states }) };
    const jobs = perNode.reduce((sum: number, one) => sum + count({ ...of, ...one }), 0);
    return jobs > FEW_JOBS && jobs > count({ nowMs }) / ROW_COST;
  }

  /** Reads a part of any list by scan. */
  function* scan(
    wanted: Wanted,
    order: JobOrder,
    { after, pastMs, offset, limit }: Rest,
    { isCounting }: Counting,
  ): Generator<undefined, PartOfList> {
    if (offset > MAX_SCAN_OFFSET) throw offsetTooLarge(MAX_SCAN_OFFSET);
    const take = offset + limit + 1;
    // In the order of starts and without a count, rows are read until the page is full.
    const isWhole = isCounting || order.sort !== 'startTime';
    const find = isWhole && isOfManyJobs(wanted) ? scanColumns : scanJobs;
    const { found, total } = yield* find(db, wanted, { order, after, pastMs, take, isCounting });
    const shown = found.slice(offset, offset + limit);
    const jobs = yield* complete.find(shown.map(({ seq }) => seq));
    const next = found.length > offset + limit ? positionOf(shown.at(-1)!) : undefined;
    return { jobs, next, total };
  }

  return {
    /** Whether one slice is enough for a page, unless its jobs have very many nodes. */
    isShort(filter: SeenFilter, { limit, offset = 0, order = NEWEST_FIRST, nowMs = 0 }: Page): boolean {
      if (limit > STREAM_JOBS || offset > NEAR_JOBS) return false;
      const wanted = readFilter(filter, nowMs);
      return wanted === undefined || walksOf(wanted, order) !== undefined;
    },

    /** Reads a page of any list; yields about every millisecond. */
    *page(filter: SeenFilter, page: Page, { isCounting }: Counting): Generator<undefined, JobPage> {
      const { limit, offset = 0, order = NEWEST_FIRST, after, nowMs = 0 } = page;
      const wanted = readFilter(filter, nowMs);
      if (!wanted) return { jobs: [], total: 0 };
      const walks = walksOf(wanted, order);
      const isToScan = isCounting && !isCounted(wanted);
      const { jobs, next, total } = walks
        ? yield* walk(walks, wanted, order, { after, offset, limit })
        : yield* scan(wanted, order, { after, offset, limit }, { isCounting: isToScan });
      return { jobs, total: isCounting && !isToScan ? count(wanted) : total, ...(next && { next }) };
    },
  };
}

/** Returns the filter that matches exactly the jobs of a walk. */
const onlyOf = ({ equals: { node, user, state } }: Walk, { nowMs }: Wanted): Wanted => ({
  nowMs,
  ...(node !== undefined && { nodes: [node] }),
  ...(user !== undefined && { users: [user] }),
  ...(state !== undefined && { states: [state] }),
});

const startOf = ({ start_time, id }: JobRow): JobPosition => ({ value: start_time, id });
const positionOf = ({ value, id }: Found): JobPosition => ({ value, id });

interface Access {
  /** Returns the value of a read that one slice is enough for, else undefined. */
  readAtOnce<Value>(steps: () => Generator<undefined, Value>): Value | undefined;
  readonly lister: ReturnType<typeof jobLister>;
  readonly compute: LongReads['compute'];
}

/** Returns the lists of a store: short ones are read at once, others step by step between other work. */
export function jobLists({ readAtOnce, lister, compute }: Access) {
  // More at once would finish no sooner, because they share the event loop. The waiting ones must be read
  // within 30 s, after which the server closes their connection as idle.
  const gate = createGate({
    places: 4,
    waiting: 12,
    message: TOO_MANY_LISTS,
  });

  async function page(
    filter: SeenFilter,
    wanted: Page,
    counting: Counting,
    signal: AbortSignal | undefined,
    rank: Rank,
  ): Promise<JobPage> {
    // Several short lists in one turn would delay other requests as much as a long one.
    await yieldToOthers(rank);
    signal?.throwIfAborted();
    const short = readAtOnce(function* () {
      if (lister.isShort(filter, wanted)) return yield* lister.page(filter, wanted, counting);
      return undefined;
    });
    if (short) return short;
    const leave = await gate.enter(signal);
    try {
      return await compute((connection) => jobLister(connection).page(filter, wanted, counting), signal);
    } finally {
      leave();
    }
  }

  return {
    list: (filter: SeenFilter, wanted: Page, signal?: AbortSignal) =>
      page(filter, wanted, { isCounting: true }, signal, 'first'),

    async *stream(
      filter: SeenFilter,
      { limit = Number.MAX_SAFE_INTEGER, ...start }: ListStart & { readonly limit?: number },
      signal?: AbortSignal,
    ): AsyncGenerator<Job[]> {
      const pageJobs = isByStart(start.order) ? STREAM_JOBS : STREAM_SCAN_JOBS;
      let rest = limit;
      let from: ListStart | undefined = start;
      while (from && rest > 0) {
        const wanted: Page = { ...from, limit: Math.min(rest, pageJobs) };
        const { jobs, next } = await page(filter, wanted, { isCounting: false }, signal, 'background');
        rest -= jobs.length;
        for (let at = 0; at < jobs.length; at += STREAM_JOBS) yield jobs.slice(at, at + STREAM_JOBS);
        from = next && { ...start, offset: 0, after: next };
      }
    },
  };
}

const isByStart = ({ sort }: JobOrder = NEWEST_FIRST): boolean => sort === 'startTime';

export type JobLists = ReturnType<typeof jobLists>;
