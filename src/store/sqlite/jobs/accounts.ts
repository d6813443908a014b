import type { Database } from 'bun:sqlite';

/** Pairs that are cached: more than most clusters have. */
const MAX_CACHED = 100_000;

/** The account of a job that has none. */
export const NO_ACCOUNT = 0;

/**
 * Remembers in which accounts each user ever had a job. Lists for coordinators rely on it: they show all jobs
 * of a user who never had another account. There is no index by account, which would
 * cost every job 4.6 µs.
 */
export function accountUserWriter(db: Database) {
  const insert = db.query('INSERT OR IGNORE INTO account_user (account, user) VALUES (?, ?)');
  const known = new Map<number, Set<number>>();
  let cached = 0;

  function forget(): void {
    known.clear();
    cached = 0;
  }

  return {
    /** Adds a pair of numbers, inside the transaction of the group. */
    add(account: number, user: number): void {
      if (known.get(account)?.has(user)) return;
      insert.run(account, user);
      if (++cached > MAX_CACHED) forget();
      const users = known.get(account) ?? new Set();
      known.set(account, users.add(user));
    },

    /** Must be called after a rollback. */
    forget,
  };
}
