import type { Queries } from '../sql/queries.ts';

/** The run that a SLUID identifies. */
export interface NamedRun {
  readonly jobId: string;
  /** The number of its samples; undefined for the latest run of its job. */
  readonly pastSeq: number | undefined;
}

/** Finds runs that can have samples by their SLUIDs; a run that was never the latest cannot. */
export async function findNamedRuns(db: Queries, sluids: Iterable<string>): Promise<Map<string, NamedRun>> {
  const wanted = [...new Set(sluids)];
  if (wanted.length === 0) return new Map();
  const rows = await db.all<{ sluid: string; jobId: string; pastSeq: number | null }>(
    `SELECT sluid, job AS "jobId", seq AS "pastSeq" FROM past_run WHERE sluid = ANY($1::text[]) AND seq > 0
     UNION ALL
     SELECT later_sluid.sluid, past_run.job, past_run.seq FROM later_sluid
       JOIN past_run ON past_run.seq = later_sluid.run AND past_run.seq > 0 WHERE later_sluid.sluid = ANY($1::text[])
     UNION ALL
     SELECT detail.sluid, job.id, NULL FROM detail JOIN job ON job.seq = detail.job WHERE detail.sluid = ANY($1::text[])
     UNION ALL
     SELECT later_sluid.sluid, job.id, NULL FROM later_sluid JOIN job ON job.seq = later_sluid.run
      WHERE later_sluid.sluid = ANY($1::text[])`,
    [wanted],
  );
  return new Map(rows.map(({ sluid, jobId, pastSeq }) => [sluid, { jobId, pastSeq: pastSeq ?? undefined }]));
}
