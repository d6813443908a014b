import { offsetTooLarge, TOO_MANY_LISTS } from '../../../domain/errors.ts';
import { createGate } from '../../../domain/gate.ts';
import type { Job } from '../../../domain/job.ts';
import { type JobPage, type ListStart, NEWEST_FIRST, type Page } from '../../../domain/list.ts';
import { findJobs } from '../jobs/complete.ts';
import type { StoreReads } from '../server/reads.ts';
import type { Queries } from '../sql/queries.ts';
import { countMatches, isCounted, readFilter, type SeenFilter, type Wanted } from './filters.ts';
import { countQuery, type Found, scanQuery, walkQuery, walksOf } from './query.ts';

/** A list that no index has in its order sorts the jobs that it skips. */
const MAX_SCAN_OFFSET = 100_000;
/** A page up to this size and offset that indexes have in its order is short. */
const SHORT_JOBS = 500;
/** Jobs in a page of a stream. */
const STREAM_JOBS = 500;
/** Jobs that a stream finds in one statement where each statement reads all jobs. */
const STREAM_SCAN_JOBS = 10_000;

interface Counting {
  /** If false, the total is 0 and costs nothing. */
  readonly isCounting: boolean;
}

/** Returns the ranges of indexes that have a list in its order; undefined if it needs a scan. */
const walksFor = (wanted: Wanted, { order = NEWEST_FIRST }: ListStart) =>
  order.sort === 'startTime' && isCounted(wanted) ? walksOf(wanted) : undefined;

async function countAll(db: Queries, wanted: Wanted): Promise<number> {
  if (isCounted(wanted)) return countMatches(db, wanted);
  const { sql, values } = countQuery(wanted);
  return (await db.get<{ jobs: number }>(sql, values))!.jobs;
}

/** Reads a page of any list. */
async function readPage(db: Queries, wanted: Wanted, page: Page, { isCounting }: Counting): Promise<JobPage> {
  const { limit, offset = 0, order = NEWEST_FIRST, after } = page;
  const walks = walksFor(wanted, page);
  if (!walks && offset > MAX_SCAN_OFFSET) throw offsetTooLarge(MAX_SCAN_OFFSET);
  const query = { order, after, offset, take: limit + 1 };
  const { sql, values } = walks ? walkQuery(walks, query) : scanQuery(wanted, query);
  const found = await db.all<Found>(sql, values);
  const shown = found.slice(0, limit);
  const jobs = await findJobs(
    db,
    shown.map(({ seq }) => seq),
  );
  const last = found.length > limit ? shown.at(-1) : undefined;
  const next = last && { value: last.value, id: last.id };
  return { jobs, total: isCounting ? await countAll(db, wanted) : 0, ...(next && { next }) };
}

/** Returns the lists of a store. */
export function jobLists(reads: StoreReads) {
  const gate = createGate({ places: 4, waiting: 12, message: TOO_MANY_LISTS });

  async function page(
    filter: SeenFilter,
    wanted: Page,
    counting: Counting,
    signal: AbortSignal | undefined,
  ): Promise<JobPage> {
    signal?.throwIfAborted();
    const { limit, offset = 0, nowMs = 0 } = wanted;
    const short = await reads.read(async (db) => {
      const numbers = await readFilter(db, filter, nowMs);
      if (!numbers) return { jobs: [], total: 0 };
      const isShort = limit <= SHORT_JOBS && offset <= SHORT_JOBS && walksFor(numbers, wanted) !== undefined;
      return isShort ? readPage(db, numbers, wanted, counting) : undefined;
    }, signal);
    if (short) return short;
    const leave = await gate.enter(signal);
    try {
      return await reads.compute(async (db) => {
        const numbers = await readFilter(db, filter, nowMs);
        return numbers ? readPage(db, numbers, wanted, counting) : { jobs: [], total: 0 };
      }, signal);
    } finally {
      leave();
    }
  }

  return {
    list: (filter: SeenFilter, wanted: Page, signal?: AbortSignal): Promise<JobPage> =>
      page(filter, wanted, { isCounting: true }, signal),

    async *stream(
      filter: SeenFilter,
      { limit = Number.MAX_SAFE_INTEGER, ...start }: ListStart & { readonly limit?: number },
      signal?: AbortSignal,
    ): AsyncGenerator<Job[]> {
      const isByStart = (start.order ?? NEWEST_FIRST).sort === 'startTime';
      const pageJobs = isByStart ? STREAM_JOBS : STREAM_SCAN_JOBS;
      let rest = limit;
      let from: ListStart | undefined = start;
      while (from && rest > 0) {
        const wanted: Page = { ...from, limit: Math.min(rest, pageJobs) };
        const { jobs, next } = await page(filter, wanted, { isCounting: false }, signal);
        rest -= jobs.length;
        for (let at = 0; at < jobs.length; at += STREAM_JOBS) yield jobs.slice(at, at + STREAM_JOBS);
        from = next && { ...start, offset: 0, after: next };
      }
    },
  };
}

export type JobLists = ReturnType<typeof jobLists>;
