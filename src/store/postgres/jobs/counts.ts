import { JobCounts } from '../../rows/counts.ts';
import { bulkInserter } from '../sql/insert.ts';
import type { Writing } from '../sql/queries.ts';

/** Returns the counts of a group. Only `row.ts` calls it, because it writes all rows of jobs. */
export function jobCounter(db: Writing) {
  const saveJobs = bulkInserter(
    db,
    'job_count',
    [
      ['state', 'smallint'],
      ['node', 'integer'],
      ['user', 'integer'],
      ['jobs', 'bigint'],
    ],
    'ON CONFLICT (state, node, "user") DO UPDATE SET jobs = job_count.jobs + excluded.jobs',
  );
  const saveLive = bulkInserter(
    db,
    'live_count',
    [
      ['state', 'smallint'],
      ['partition', 'integer'],
      ['jobs', 'bigint'],
    ],
    'ON CONFLICT (partition, state) DO UPDATE SET jobs = live_count.jobs + excluded.jobs',
  );
  const counts = new JobCounts();
  return Object.assign(counts, {
    /** Writes the sums into the transaction. */
    flush(): void {
      const changes = counts.take();
      if (!changes) return;
      const { jobs, live, created } = changes;
      saveJobs(jobs);
      // Zero rows would double the table, because nearly every job leaves one behind when it ends.
      const fewer = jobs.filter(([, , , difference]) => difference < 0);
      if (fewer.length > 0)
        db.send(
          `DELETE FROM job_count USING unnest($1::smallint[], $2::integer[], $3::integer[]) AS given (state, node, "user")
            WHERE job_count.state = given.state AND job_count.node = given.node AND job_count.user = given.user AND jobs = 0`,
          [fewer.map(([state]) => state), fewer.map(([, node]) => node), fewer.map(([, , user]) => user)],
        );
      saveLive(live);
      if (live.some(([, , difference]) => difference < 0)) db.send('DELETE FROM live_count WHERE jobs = 0');
      if (created > 0)
        db.send("UPDATE counter SET value = value + $1 WHERE name = 'jobs_created'", [created]);
    },
  });
}
