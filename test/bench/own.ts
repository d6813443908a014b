import type { JobPage } from '../../src/domain/list.ts';
import type { Store } from '../../src/domain/store/store.ts';
import { openSqlite } from '../../src/store/sqlite/open.ts';
import type { jobsFolder } from './data/files.ts';
import { FILTERS, type Filter, queryOf } from './data/jobs.ts';
import { median } from './row.ts';
import type { Timing } from './timing.ts';

type JobsFolder = Awaited<ReturnType<typeof jobsFolder>>;

/** A large database of jobs and a small one. */
export interface Pair {
  readonly many: JobsFolder;
  readonly twin: JobsFolder;
}

/**
 * Times the first page of the own jobs of a user with many and of one with few, with every filter. Without
 * HTTP, because nothing on this machine proves to be a user of a made-up cluster.
 */
export async function timeOwnPages({ many, twin }: Pair, rounds: number): Promise<Timing[]> {
  const store = await openSqlite(many.file('hpc-observe.db'));
  const twinStore = await openSqlite(twin.file('hpc-observe.db'));
  const timings: Timing[] = [];
  for (const filter of FILTERS) {
    if (filter.user === undefined) continue;
    const query = queryOf(filter);
    const sizes = [
      checkTotal(query, (await timePage(store, filter)).page, many.totals[query]!),
      checkTotal(query, (await timePage(twinStore, filter)).page, twin.totals[query]!),
    ];
    const ours: number[] = [];
    const floors: number[] = [];
    for (let round = 0; round < rounds; round++) {
      floors.push((await timePage(twinStore, filter)).ms);
      ours.push((await timePage(store, filter)).ms);
    }
    timings.push({ query, ours: median(ours), floor: median(floors), isSamePage: sizes[0] === sizes[1] });
  }
  await store.close();
  await twinStore.close();
  return timings;
}

async function timePage(store: Store, { user, ...filter }: Filter): Promise<{ ms: number; page: JobPage }> {
  const startedMs = performance.now();
  const page = await store.seenBy({ user: user!, accounts: [] }).listJobs(filter, { limit: 100 });
  return { ms: performance.now() - startedMs, page };
}

/** Returns the number of jobs on the page; throws if its total is wrong. */
function checkTotal(query: string, { jobs, total }: JobPage, expected: number): number {
  if (total === expected && jobs.length === Math.min(100, expected)) return jobs.length;
  throw new Error(`Own jobs with ${query}: ${jobs.length} of ${total}, and should have ${expected}.`);
}
