import type { Sight } from '../caller.ts';
import type { JobStore } from './jobs.ts';
import type { RunStore } from './runs.ts';
import type { SampleStore } from './samples.ts';

/** Everything that is read about jobs on behalf of somebody. */
export interface View
  extends Pick<JobStore, 'getJob' | 'listJobs' | 'streamJobs'>,
    Pick<SampleStore, 'listSamples' | 'plotSamples' | 'streamSamples' | 'summarizeJob'>,
    Pick<RunStore, 'streamRuns' | 'listEvents'> {}

/** Reads that show each caller only the jobs that are theirs. */
export interface ViewStore {
  /**
   * Returns the reads for somebody with this sight. With `all` they are those of the store. Otherwise a run
   * that is neither the user's nor one of the accounts' does not exist: the reads of a job reject with
   * `not_found` as for an unknown id, lists and totals leave it out, and the events of a job are those of its
   * visible runs. Own jobs cost as much to list as with the filter `user`.
   */
  seenBy(sight: Sight): View;
}
