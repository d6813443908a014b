import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import { accountNotFound, userNotFound } from '../../../domain/errors.ts';
import type { Holder, Holdings } from '../../../domain/store/tallies.ts';
import { holdingCounter, type LiveJob } from '../../rows/holdings.ts';
import { FIRST_ENDED } from '../../rows/states.ts';
import { perConnection } from '../sql/per-connection.ts';
import { pairFinder } from './pairs.ts';

/** Jobs read between two yields: some hundred microseconds. */
const JOBS_AT_ONCE = 500;

/** Counts what users and accounts have now, step by step. */
export const holdingReader = perConnection((db: Database) => {
  const pairs = pairFinder(db);
  // By user: there is no index by account.
  const selectLive = db.query<LiveJob, [number]>(
    `SELECT state, ifnull(detail.account, 0) AS account, cpus, gpus, memory_limit AS memory
       FROM job LEFT JOIN detail ON detail.job = job.seq WHERE user = ? AND state < ${FIRST_ENDED}`,
  );
  /** Returns the wanted accounts of each user that are to be seen. Throws `not_found` if there are none. */
  function requireSeen(holder: Holder, sight: Sight): Map<number, Set<number>> {
    const seen = pairs.findPairs(holder, sight);
    const isOwn = sight !== 'all' && 'user' in holder && holder.user === sight.user;
    if (seen.length === 0 && !isOwn)
      throw 'user' in holder ? userNotFound(holder.user) : accountNotFound(holder.account);
    const accounts = Map.groupBy(seen, ([user]) => user);
    return new Map([...accounts].map(([user, list]) => [user, new Set(list.map((pair) => pair[1]))]));
  }

  return function* (holder: Holder, sight: Sight): Generator<undefined, Holdings> {
    const counter = holdingCounter();
    let read = 0;
    for (const [user, accounts] of requireSeen(holder, sight)) {
      for (const job of selectLive.iterate(user)) {
        if (++read % JOBS_AT_ONCE === 0) yield;
        if (accounts.has(job.account)) counter.add(job);
      }
    }
    return counter.holdings();
  };
});
