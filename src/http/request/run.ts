import { jobNotFound } from '../../domain/errors.ts';
import type { Job } from '../../domain/job.ts';
import type { View } from '../../domain/store/view.ts';

/** The run that a request is about. */
export interface WantedRun {
  readonly jobId: string;
  /** The latest if undefined. */
  readonly number: number | undefined;
  readonly signal: AbortSignal;
}

/** Returns a run as a job. Rejects with `not_found`. */
export async function findRun(view: View, { jobId, number, signal }: WantedRun): Promise<Job> {
  if (number === undefined) return view.getJob(jobId);
  for await (const { run, job } of view.streamRuns(jobId, signal)) if (run === number) return job;
  throw jobNotFound(jobId);
}
