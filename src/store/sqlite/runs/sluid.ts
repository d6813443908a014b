import type { Database } from 'bun:sqlite';

/** The run that a SLUID identifies. */
interface NamedRun {
  readonly jobId: string;
  /** The number of its samples; undefined for the latest run of its job. */
  readonly pastSeq: number | undefined;
}

/**
 * Finds runs that can have samples by their SLUIDs (a run that was never the latest, such as an import's,
 * cannot), and caches them. `forget` must follow every write other than samples.
 */
export function namedRunFinder(db: Database) {
  const select = db.query<{ sluid: string; jobId: string; pastSeq: number | null }, [string]>(
    `WITH wanted AS MATERIALIZED (SELECT value AS sluid FROM json_each(?))
     SELECT wanted.sluid, past_run.job AS jobId, past_run.seq AS pastSeq FROM wanted
       JOIN past_run INDEXED BY past_run_by_sluid ON past_run.sluid = wanted.sluid AND past_run.seq > 0
     UNION ALL
     SELECT wanted.sluid, past_run.job, past_run.seq FROM wanted
       CROSS JOIN later_sluid ON later_sluid.sluid = wanted.sluid
       JOIN past_run ON past_run.seq = later_sluid.run AND past_run.seq > 0
     UNION ALL
     SELECT wanted.sluid, job.id, NULL FROM wanted
       JOIN detail INDEXED BY detail_by_sluid ON detail.sluid = wanted.sluid JOIN job ON job.seq = detail.job
     UNION ALL
     SELECT wanted.sluid, job.id, NULL FROM wanted
       CROSS JOIN later_sluid ON later_sluid.sluid = wanted.sluid JOIN job ON job.seq = later_sluid.run`,
  );
  const known = new Map<string, NamedRun>();
  return {
    /** Reads the runs of those SLUIDs that are not cached. */
    lookUp(sluids: Iterable<string>): void {
      const missing = [...new Set(sluids)].filter((sluid) => !known.has(sluid));
      if (missing.length === 0) return;
      for (const { sluid, jobId, pastSeq } of select.all(JSON.stringify(missing)))
        known.set(sluid, { jobId, pastSeq: pastSeq ?? undefined });
    },

    /** Returns the run of a SLUID that was looked up; undefined if there is none. */
    get: (sluid: string): NamedRun | undefined => known.get(sluid),

    forget: () => known.clear(),
  };
}
