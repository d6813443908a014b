import type { Sight } from '../../../domain/caller.ts';
import type { EndedJob } from '../../../domain/ended-job.ts';
import { isSeen } from '../../../domain/sight.ts';
import { type EndedJobRow, endedJobOf } from '../../rows/ended-job.ts';
import { NO_NODE } from '../../rows/job.ts';
import { inPages } from '../sql/pages.ts';
import type { Queries } from '../sql/queries.ts';

const PAGE_JOBS = 500;

/** Reads the jobs that ended since and that somebody may see, the latest end first, in pages. */
export async function* readEndedJobs(
  db: Queries,
  sinceMs: number,
  sight: Sight,
): AsyncGenerator<EndedJob[], void> {
  const pages = inPages<EndedJobRow>(
    db,
    `SELECT job.id, (SELECT name FROM user_name WHERE id = job.user) AS user,
            (SELECT name FROM label WHERE id = detail.account) AS account, job.state,
            detail.raw_state AS "rawState",
            (SELECT name FROM node_name WHERE id = job.first_node AND id <> ${NO_NODE}) AS node,
            job.started, job.start_time AS "startTimeMs", job.end_time AS "endTimeMs",
            job.suspended AS "suspendedSeconds"
       FROM job LEFT JOIN detail ON detail.job = job.seq
      WHERE job.end_time >= $1::bigint ORDER BY job.end_time DESC, job.seq DESC`,
    [sinceMs],
    PAGE_JOBS,
  );
  for await (const rows of pages) yield rows.filter((row) => isSeen(sight, row)).map(endedJobOf);
}
