import type { Database } from 'bun:sqlite';

/**
 * Remembers the later SLUIDs of resized runs, which their rows have as a list only, so that a run is found by
 * any of them.
 */
export function laterSluidWriter(db: Database): (run: number, sluids: readonly string[] | undefined) => void {
  const save = db.query('INSERT OR REPLACE INTO later_sluid (sluid, run) VALUES (?, ?)');
  return (run, sluids = []) => {
    for (const sluid of sluids) save.run(sluid, run);
  };
}
