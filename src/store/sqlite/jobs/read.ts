import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound } from '../../../domain/errors.ts';
import { JOB_STATES, type Job, type StateCounts } from '../../../domain/job.ts';
import type { JobTotals } from '../../../domain/store/live.ts';
import type { JobRow } from '../../rows/complete-job.ts';
import { STATE_NUMBERS, stateName } from '../../rows/states.ts';
import { JOB_COLUMNS, jobCompleter } from './complete.ts';
import { ownerReader } from './owners.ts';

/** Reads jobs through one connection. */
export function jobReader(db: Database) {
  const complete = jobCompleter(db);
  const owners = ownerReader(db);
  const selectJob = db.query<JobRow, [string]>(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`);
  const selectStates = db.query<{ state: number; jobs: number }, []>(
    `SELECT state, jobs FROM job_count WHERE state IN (${STATE_NUMBERS}) AND node = 0 AND user = 0`,
  );
  const selectCreated = db.query<{ value: number }, []>(
    "SELECT value FROM counter WHERE name = 'jobs_created'",
  );
  function* find(id: string, sight: Sight = 'all'): Generator<undefined, Job> {
    owners.requireLatest(id, sight);
    const row = selectJob.get(id);
    if (!row) throw jobNotFound(id);
    return yield* complete.one(row);
  }

  return {
    /**
     * Reads a job step by step; yields about every millisecond, whatever its number of nodes. Throws
     * `not_found`, also if its latest run is not to be seen.
     */
    find,

    /** Reads a job at once. Throws `not_found`. */
    get(id: string): Job {
      const steps = find(id);
      for (;;) {
        const step = steps.next();
        if (step.done) return step.value;
      }
    },

    totals(): JobTotals {
      const states = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as StateCounts;
      for (const { state, jobs } of selectStates.all()) states[stateName(state)] = jobs;
      return { states, created: selectCreated.get()?.value ?? 0 };
    },
  };
}
