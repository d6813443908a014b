import type { Database } from 'bun:sqlite';
import { JobCounts } from '../../rows/counts.ts';
import { bulkInserter } from '../sql/insert.ts';

/** Returns the counts of a group. Only `row.ts` calls it, because it writes all rows of jobs. */
export function jobCounter(db: Database): JobCounts & { flush(): void } {
  const upsert = 'ON CONFLICT DO UPDATE SET jobs = jobs + excluded.jobs';
  const saveJobs = bulkInserter(db, 'INSERT INTO job_count (state, node, user, jobs)', 4, upsert);
  const saveLive = bulkInserter(db, 'INSERT INTO live_count (state, partition, jobs)', 3, upsert);
  const addCreated = db.query("UPDATE counter SET value = value + ? WHERE name = 'jobs_created'");
  // Zero rows would double the table, because nearly every job leaves one behind when it ends.
  const dropJobs = db.query('DELETE FROM job_count WHERE state = ? AND node = ? AND user = ? AND jobs = 0');
  const dropLive = db.query('DELETE FROM live_count WHERE state = ? AND partition = ? AND jobs = 0');
  const counts = new JobCounts();
  return Object.assign(counts, {
    /** Writes the sums into the transaction. */
    flush(): void {
      const changes = counts.take();
      if (!changes) return;
      const { jobs, live, created } = changes;
      saveJobs(jobs.flat());
      for (const [state, node, user, difference] of jobs) if (difference < 0) dropJobs.run(state, node, user);
      saveLive(live.flat());
      for (const [state, partition, difference] of live) if (difference < 0) dropLive.run(state, partition);
      if (created > 0) addCreated.run(created);
    },
  });
}
