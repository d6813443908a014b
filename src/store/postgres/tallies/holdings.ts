import type { Sight } from '../../../domain/caller.ts';
import { accountNotFound, userNotFound } from '../../../domain/errors.ts';
import type { Holder, Holdings } from '../../../domain/store/tallies.ts';
import { holdingCounter, type LiveJob } from '../../rows/holdings.ts';
import { FIRST_ENDED } from '../../rows/states.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';
import { findPairs } from './pairs.ts';

const PAGE_JOBS = 2000;

/** Counts what a user or an account has now. Throws `not_found` if nothing of it is to be seen. */
export async function readHoldings(db: Queries, holder: Holder, sight: Sight): Promise<Holdings> {
  const seen = await findPairs(db, holder, sight);
  const isOwn = sight !== 'all' && 'user' in holder && holder.user === sight.user;
  if (seen.length === 0 && !isOwn)
    throw 'user' in holder ? userNotFound(holder.user) : accountNotFound(holder.account);
  const counter = holdingCounter();
  // By user: there is no index by account.
  const pages = inPages<LiveJob>(
    db,
    `SELECT state, coalesce(detail.account, 0) AS account, cpus, gpus, memory_limit AS memory
       FROM job LEFT JOIN detail ON detail.job = job.seq
       JOIN unnest($1::integer[], $2::integer[]) AS seen ("user", account)
         ON seen.user = job.user AND seen.account = coalesce(detail.account, 0)
      WHERE job.state < ${FIRST_ENDED}`,
    [seen.map(([user]) => user), seen.map(([, account]) => account)],
    PAGE_JOBS,
  );
  for await (const jobs of pages) for (const job of jobs) counter.add(job);
  return counter.holdings();
}
