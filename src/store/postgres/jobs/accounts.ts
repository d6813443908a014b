import type { Writing } from '../sql/queries.ts';

/** Pairs that are cached: more than most clusters have. */
const MAX_CACHED = 100_000;

/** The account of a job that has none. */
export const NO_ACCOUNT = 0;

/** Remembers in which accounts each user ever had a job, which lists for coordinators rely on. */
export function accountUserWriter(db: Writing) {
  const known = new Set<string>();
  return {
    /** Adds pairs of numbers, inside the transaction of the group. */
    add(pairs: readonly (readonly [account: number, user: number])[]): void {
      const fresh = new Map(pairs.map((pair) => [pair.join(), pair]));
      for (const key of fresh.keys()) if (known.has(key)) fresh.delete(key);
      if (fresh.size === 0) return;
      const rows = [...fresh.values()];
      db.send(
        'INSERT INTO account_user SELECT * FROM unnest($1::integer[], $2::integer[]) ON CONFLICT DO NOTHING',
        [rows.map(([account]) => account), rows.map(([, user]) => user)],
      );
      if (known.size + fresh.size > MAX_CACHED) known.clear();
      for (const key of fresh.keys()) known.add(key);
    },

    /** Must be called after a rollback. */
    forget: (): void => known.clear(),
  };
}
