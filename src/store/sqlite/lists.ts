import type { Database } from 'bun:sqlite';
import { AppError } from '../../domain/errors.ts';
import type { Job } from '../../domain/job.ts';
import {
  type JobFilter,
  type JobOrder,
  type JobPage,
  type JobPosition,
  type ListStart,
  NEWEST_FIRST,
  type Page,
} from '../../domain/list.ts';
import { bindings, filterReader, isCounted, matchCounter, type Wanted } from './filters.ts';
import { type JobRow, jobCompleter } from './jobs.ts';
import { type Found, scanJobs } from './scan.ts';
import { isExact, type Walk, type WalkPage, walkQuery, walksByStart } from './walks.ts';

/** A scan has to hold the jobs it skips. */
const MAX_SCAN_OFFSET = 100_000;
/** Up to here it does not matter from which end a list is walked. */
const FAR_OFFSET = 1000;
/** Jobs of a page that is streamed. */
const STREAM_JOBS = 500;
/** A scan that finds few jobs at a time has to start over often. */
const STREAM_SCAN_JOBS = 10_000;

interface Counting {
  /** Without it the total is 0, and costs nothing. */
  readonly isCounting: boolean;
}

interface WalkList extends Pick<WalkPage, 'order' | 'after' | 'isReversed'> {
  readonly walks: readonly Walk[];
  readonly wanted: Wanted;
}

/** Lists jobs through one connection. */
export function jobLister(db: Database) {
  const readFilter = filterReader(db);
  const count = matchCounter(db);
  const complete = jobCompleter(db);

  function readRows(list: WalkList, take: number, offset: number): JobRow[] {
    const { values, bind } = bindings();
    const sql = walkQuery(list.walks, list.wanted, { ...list, take, offset }, bind);
    return db.query<JobRow, typeof values>(sql).all(...values);
  }

  /** The first `take` of the last `rest` jobs of a list: the way to them is shorter from its end. */
  function readFromEnd(list: WalkList, rest: number, take: number): JobRow[] {
    const order = { ...list.order, isAscending: !list.order.isAscending };
    const rows = Math.min(take, rest);
    return rows <= 0 ? [] : readRows({ ...list, order, isReversed: true }, rows, rest - rows).reverse();
  }

  /** The rows of a page, and one more if there is one. */
  function findRows(list: WalkList & Page): JobRow[] {
    const { wanted, after, limit, offset = 0 } = list;
    if (offset <= FAR_OFFSET) return readRows(list, limit + 1, offset);
    const rest = after ? undefined : count(wanted) - offset;
    return rest !== undefined && rest < offset
      ? readFromEnd(list, rest, limit + 1)
      : readRows(list, limit + 1, offset);
  }

  return {
    /** A page that walking along indexes gives at once; undefined when it takes a scan. */
    walk(filter: JobFilter, page: Page, { isCounting }: Counting): JobPage | undefined {
      const { limit, order = NEWEST_FIRST, nowMs = 0 } = page;
      const wanted = readFilter(filter, nowMs);
      if (!wanted) return { jobs: [], total: 0 };
      if (order.sort !== 'start_time' || !isCounted(wanted)) return undefined;
      const walks = walksByStart(wanted);
      if (!walks.every((walk) => isExact(walk, wanted))) return undefined;
      const rows = findRows({ ...page, order, walks, wanted });
      const jobs = complete.rows(rows.slice(0, limit));
      const next = rows.length > limit ? startOf(rows[limit - 1]!) : undefined;
      return { jobs, total: isCounting ? count(wanted) : 0, ...(next && { next }) };
    },

    /** Any page, step by step; the last thing it yields. */
    *scan(filter: JobFilter, page: Page, { isCounting }: Counting): Generator<JobPage | undefined> {
      const { limit, offset = 0, order = NEWEST_FIRST, after, nowMs = 0 } = page;
      const wanted = readFilter(filter, nowMs);
      if (!wanted) return yield { jobs: [], total: 0 };
      if (offset > MAX_SCAN_OFFSET) throw tooDeep();
      const counted = isCounted(wanted);
      const { found, total } = yield* scanJobs(db, wanted, {
        order,
        ...(after && { after }),
        take: offset + limit + 1,
        isCounting: isCounting && !counted,
      });
      const shown = found.slice(offset, offset + limit);
      const jobs: Job[] = [];
      for (let start = 0; start < shown.length; start += STREAM_JOBS) {
        jobs.push(...complete.find(shown.slice(start, start + STREAM_JOBS).map(({ seq }) => seq)));
        yield;
      }
      const next = found.length > offset + limit ? positionOf(shown.at(-1)!) : undefined;
      yield { jobs, total: isCounting && counted ? count(wanted) : total, ...(next && { next }) };
    },
  };
}

const startOf = ({ start_time, id }: JobRow): JobPosition => ({ value: start_time, id });
const positionOf = ({ value, id }: Found): JobPosition => ({ value, id });
const tooDeep = () =>
  new AppError(
    'validation_error',
    `offset must be at most ${MAX_SCAN_OFFSET} in this list; go on with cursor instead.`,
  );

/** Each scan has a connection of its own and a part of every turn of the event loop: more at once would finish no sooner. */
const MAX_SCANS = 4;

/** Lets a few in at a time; the others wait for their turn. */
function turnstile(places: number) {
  const waiting: (() => void)[] = [];
  let free = places;
  return async function pass<Value>(run: () => Promise<Value>): Promise<Value> {
    if (free > 0) free--;
    else await new Promise<void>((enter) => waiting.push(enter));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

interface Access {
  /** One moment on the connection that all reads share. */
  read<Value>(run: () => Value): Promise<Value>;
  readonly lister: ReturnType<typeof jobLister>;
  /** A connection for a long read, with other work between its steps. */
  stream<Batch>(start: (connection: Database) => Generator<Batch>): AsyncIterable<Batch>;
}

/** The lists of a store: at once where an index gives the order, else by a scan beside other work. */
export function jobLists({ read, lister, stream }: Access) {
  const inTurn = turnstile(MAX_SCANS);

  async function scan(filter: JobFilter, wanted: Page, counting: Counting): Promise<JobPage> {
    let last: JobPage | undefined;
    for await (const step of stream((connection) => jobLister(connection).scan(filter, wanted, counting))) {
      last = step;
    }
    return last!;
  }

  async function page(filter: JobFilter, wanted: Page, counting: Counting): Promise<JobPage> {
    const walked = await read(() => lister.walk(filter, wanted, counting));
    return walked ?? inTurn(() => scan(filter, wanted, counting));
  }

  return {
    list: (filter: JobFilter, wanted: Page) => page(filter, wanted, { isCounting: true }),

    async *stream(
      filter: JobFilter,
      { limit = Number.MAX_SAFE_INTEGER, ...start }: ListStart & { readonly limit?: number },
    ): AsyncGenerator<Job[]> {
      const pageJobs = isByStart(start.order) ? STREAM_JOBS : STREAM_SCAN_JOBS;
      let rest = limit;
      let from: ListStart | undefined = start;
      while (from && rest > 0) {
        const wanted: Page = { ...from, limit: Math.min(rest, pageJobs) };
        const { jobs, next } = await page(filter, wanted, { isCounting: false });
        rest -= jobs.length;
        for (let at = 0; at < jobs.length; at += STREAM_JOBS) yield jobs.slice(at, at + STREAM_JOBS);
        from = next && { ...start, offset: 0, after: next };
        await new Promise<void>((go) => setImmediate(go));
      }
    },
  };
}

const isByStart = ({ sort }: JobOrder = NEWEST_FIRST): boolean => sort === 'start_time';
