import type { Sight } from '../../../domain/caller.ts';
import { jobNotFound } from '../../../domain/errors.ts';
import { JOB_STATES, type Job, type StateCounts } from '../../../domain/job.ts';
import type { JobTotals } from '../../../domain/store/live.ts';
import type { JobRow } from '../../rows/complete-job.ts';
import { stateName } from '../../rows/states.ts';
import type { Queries } from '../sql/queries.ts';
import { completeJobs, JOB_COLUMNS } from './complete.ts';
import { requireLatest } from './owners.ts';

/** Reads a job. Throws `not_found`, also if its latest run is not to be seen. */
export async function readJob(db: Queries, id: string, sight: Sight = 'all'): Promise<Job> {
  await requireLatest(db, id, sight);
  const row = await db.get<JobRow>(`SELECT ${JOB_COLUMNS} FROM job WHERE id = $1`, [id]);
  if (!row) throw jobNotFound(id);
  return (await completeJobs(db, [row]))[0]!;
}

/** Counts jobs by state, and all that were ever created. */
export async function readTotals(db: Queries): Promise<JobTotals> {
  const states = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as StateCounts;
  const rows = await db.all<{ state: number; jobs: number }>(
    'SELECT state, jobs FROM job_count WHERE node = 0 AND job_count.user = 0',
  );
  for (const { state, jobs } of rows) states[stateName(state)] = jobs;
  const created = await db.get<{ value: number }>("SELECT value FROM counter WHERE name = 'jobs_created'");
  return { states, created: created?.value ?? 0 };
}
