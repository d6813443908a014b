import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import type { EndedJob } from '../../../domain/ended-job.ts';
import { isSeen } from '../../../domain/sight.ts';
import { type EndedJobRow, endedJobOf } from '../../rows/ended-job.ts';
import { NO_NODE } from '../../rows/job.ts';

/** Jobs of a page, which take about a millisecond to read. */
const PAGE_JOBS = 250;

/** Reads the jobs that ended since and that somebody may see, the latest end first, in pages. */
export function* readEndedJobs(db: Database, sinceMs: number, sight: Sight): Generator<EndedJob[]> {
  const select = db.query<EndedJobRow, [number]>(
    `SELECT job.id, (SELECT name FROM user WHERE id = job.user) AS user,
            (SELECT name FROM label WHERE id = detail.account) AS account, job.state,
            detail.raw_state AS rawState,
            (SELECT name FROM node WHERE id = job.first_node AND id <> ${NO_NODE}) AS node,
            job.started, job.start_time AS startTimeMs, job.end_time AS endTimeMs,
            job.suspended AS suspendedSeconds
       FROM job INDEXED BY job_by_end LEFT JOIN detail ON detail.job = job.seq
      WHERE job.end_time >= ? ORDER BY job.end_time DESC, job.seq DESC`,
  );
  let page: EndedJob[] = [];
  let read = 0;
  for (const row of select.iterate(sinceMs)) {
    if (isSeen(sight, row)) page.push(endedJobOf(row));
    if (++read % PAGE_JOBS > 0) continue;
    yield page;
    page = [];
  }
  yield page;
}
