import type { Writing } from '../sql/queries.ts';

/**
 * Remembers the later SLUIDs of resized runs, which their rows have as a list only, so that a run is found by
 * any of them.
 */
export const laterSluidWriter =
  (db: Writing) =>
  (run: number, sluids: readonly string[] = []): void => {
    if (sluids.length === 0) return;
    db.send(
      `INSERT INTO later_sluid (sluid, run) SELECT DISTINCT sluid, $2::bigint FROM unnest($1::text[]) AS given (sluid)
         ON CONFLICT (sluid) DO UPDATE SET run = excluded.run`,
      [sluids, run],
    );
  };
