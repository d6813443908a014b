import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound } from '../../../domain/errors.ts';
import { isSeen, type Owner } from '../../../domain/sight.ts';

/** Reads an index alone, because a job of scrontab has thousands of runs. */
export const SELECT_PAST_OWNERS = 'SELECT DISTINCT user, account FROM past_run WHERE job = ?';

/** Finds out whose the runs of a job are, before anything else is read of them. */
export function ownerReader(db: Database) {
  const selectLatest = db.query<Owner, [string]>(
    `SELECT user.name AS user, label.name AS account
       FROM job JOIN user ON user.id = job.user
       LEFT JOIN detail ON detail.job = job.seq LEFT JOIN label ON label.id = detail.account
      WHERE job.id = ?`,
  );
  const selectPastOwners = db.query<Owner, [string]>(SELECT_PAST_OWNERS);
  const selectAnyPast = db.query<unknown, [string]>('SELECT 1 FROM past_run WHERE job = ? LIMIT 1');

  return {
    /** Returns whose the latest run of a job is; undefined for an unknown job. */
    latest: (id: string): Owner | undefined => selectLatest.get(id) ?? undefined,

    hasPast: (id: string): boolean => selectAnyPast.get(id) !== null,

    /** Throws `not_found`, as for an unknown job, if the latest run of a job is not to be seen. */
    requireLatest(id: string, sight: Sight): void {
      if (sight === 'all') return;
      const owner = selectLatest.get(id);
      if (!owner || !isSeen(sight, owner)) throw jobNotFound(id);
    },

    /**
     * Returns how many runs of a job are to be seen. Throws `not_found`, as for an unknown job, if there are
     * none.
     */
    requireRuns(id: string, sight: Sight): 'all' | 'some' {
      if (sight === 'all') return 'all';
      const latest = selectLatest.get(id);
      if (!latest) throw jobNotFound(id);
      const owners = [latest, ...selectPastOwners.all(id)];
      const seen = owners.filter((owner) => isSeen(sight, owner)).length;
      if (seen === 0) throw jobNotFound(id);
      return seen === owners.length ? 'all' : 'some';
    },
  };
}
