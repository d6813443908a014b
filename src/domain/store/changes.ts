import type { Change } from '../changes.ts';
import type { Owner } from '../sight.ts';

/** Changes for open pages, which then need not ask again and again. See `Store` for all promises. */
export interface ChangeStore {
  /**
   * Calls `tell` after each commit with what it changed, until the returned function is called. A read that
   * starts in the call sees the change. What retention deletes is not told. Costs nothing while nobody
   * watches.
   */
  watchChanges(tell: (change: Change) => void): () => void;

  /** Returns whose the latest runs of jobs are. Unknown jobs are left out. */
  findOwners(ids: readonly string[]): Promise<ReadonlyMap<string, Owner>>;

  /** Returns the jobs of runs by their SLUIDs. Unknown runs are left out. */
  findJobsOfRuns(sluids: readonly string[]): Promise<ReadonlyMap<string, string>>;
}
