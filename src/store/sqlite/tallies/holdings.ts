import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import { defined } from '../../../domain/defined.ts';
import { accountNotFound, userNotFound } from '../../../domain/errors.ts';
import type { Holder, Holdings } from '../../../domain/store/tallies.ts';
import { FIRST_ENDED, RUNNING } from '../jobs/states.ts';
import { perConnection } from '../sql/per-connection.ts';
import { pairFinder } from './pairs.ts';

/** Jobs read between two yields: some hundred microseconds. */
const JOBS_AT_ONCE = 500;

interface LiveJob {
  readonly state: number;
  readonly account: number;
  readonly cpus: number | null;
  readonly gpus: number | null;
  readonly memory: number | null;
}

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

function holdingCounter() {
  let [running, pending] = [0, 0];
  let cpus: number | undefined;
  let gpus: number | undefined;
  let memoryMb: number | undefined;
  const sum = (known: number | undefined, value: number | null) =>
    value === null ? known : (known ?? 0) + value;
  return {
    add(job: LiveJob): void {
      if (job.state !== RUNNING) {
        pending++;
        return;
      }
      running++;
      cpus = sum(cpus, job.cpus);
      gpus = sum(gpus, job.gpus);
      memoryMb = sum(memoryMb, job.memory);
    },
    holdings: () => defined<Holdings>({ running, pending, cpus, gpus, memoryMb }),
  };
}
