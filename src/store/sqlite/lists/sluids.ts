import type { Database } from 'bun:sqlite';
import type { Sight } from '../../../domain/caller.ts';
import { isSeen, type Owner } from '../../../domain/sight.ts';

/** Some jobs by number, and the range of their start times. */
export interface FewJobs {
  readonly seqs: readonly number[];
  readonly lowMs: number;
  readonly highMs: number;
}

/** Finds the jobs that have a run with one of the SLUIDs that is to be seen. */
export function sluidFinder(db: Database): (sluids: readonly string[], sight: Sight) => FewJobs {
  const select = db.query<{ seq: number; start_time: number } & Owner, [string]>(
    `WITH wanted AS MATERIALIZED (SELECT value AS sluid FROM json_each(?))
     SELECT job.seq, job.start_time, (SELECT name FROM user WHERE id = job.user) AS user,
            (SELECT name FROM label WHERE id = detail.account) AS account FROM wanted
       JOIN detail INDEXED BY detail_by_sluid ON detail.sluid = wanted.sluid JOIN job ON job.seq = detail.job
     UNION
     SELECT job.seq, job.start_time, past_run.user, past_run.account FROM wanted
       JOIN past_run INDEXED BY past_run_by_sluid ON past_run.sluid = wanted.sluid JOIN job ON job.id = past_run.job
     UNION
     SELECT job.seq, job.start_time, (SELECT name FROM user WHERE id = job.user),
            (SELECT name FROM label WHERE id = detail.account) FROM wanted
       CROSS JOIN later_sluid ON later_sluid.sluid = wanted.sluid JOIN job ON job.seq = later_sluid.run
       LEFT JOIN detail ON detail.job = job.seq
     UNION
     SELECT job.seq, job.start_time, past_run.user, past_run.account FROM wanted
       CROSS JOIN later_sluid ON later_sluid.sluid = wanted.sluid
       JOIN past_run ON past_run.seq = later_sluid.run JOIN job ON job.id = past_run.job`,
  );
  return (sluids, sight) => {
    const rows = select.all(JSON.stringify(sluids)).filter((owner) => isSeen(sight, owner));
    const starts = rows.map(({ start_time }) => start_time);
    return {
      seqs: [...new Set(rows.map(({ seq }) => seq))],
      lowMs: Math.min(...starts),
      highMs: Math.max(...starts),
    };
  };
}
