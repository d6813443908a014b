import type { Sight } from '../caller.ts';
import type { JobStore } from './jobs.ts';
import type { LiveStore } from './live.ts';
import type { RunStore } from './runs.ts';
import type { SampleStore } from './samples.ts';
import type { TallyStore } from './tallies.ts';

/** Everything that is read about jobs on behalf of somebody. */
export interface View
  extends Pick<JobStore, 'getJob' | 'listJobs' | 'listNames' | 'readArray' | 'streamJobs'>,
    Pick<LiveStore, 'runningJobs' | 'endedJobs'>,
    Pick<
      SampleStore,
      | 'listSamples'
      | 'plotSamples'
      | 'readSparklines'
      | 'mapSamples'
      | 'traceSamples'
      | 'streamSamples'
      | 'summarizeJob'
    >,
    Pick<RunStore, 'streamRuns' | 'listEvents' | 'listPastRuns'>,
    TallyStore {}

/** Reads that show each caller only the jobs that are theirs. */
export interface ViewStore {
  /**
   * Returns the reads for somebody with this sight. With `all` they are those of the store. Otherwise a run
   * that is neither the user's nor one of the accounts' does not exist. Schedulers give ids again, so the
   * runs of one job may be of several users:
   *
   * - `getJob`, lists, totals and reads of samples without a number show the latest run. If that is hidden,
   *   they reject with `not_found` as for an unknown id, or leave the job out, even if an earlier run is to
   *   be seen: that one is at `streamRuns`, and at reads with its number.
   * - `streamRuns` yields the visible runs with the numbers that they have for everybody. A job without a
   *   visible run is an unknown id. The number of a hidden run is refused as a number that was never given.
   * - `sluid` in a filter matches visible runs only.
   * - `listNames` has the users and accounts of visible jobs, and no nodes or partitions, because whose jobs
   *   those had is not known without reading them.
   * - `listEvents` has the events of visible runs. Events do not say whose they are if the job had several
   *   runs before a database was migrated to version 17: those are left out if any of the runs is hidden.
   *
   * `listPastRuns` answers for any job: what is asked for is a job that the caller has read.
   *
   * Tallies and holdings are of the caller's own runs and those of the accounts; another user or account does
   * not exist. The caller always exists.
   *
   * Names are compared whole: a user called `a,b` is one user here. Own jobs cost as much to list as with the
   * filter `user`, and so do those of users who never had a job of an account that the caller does not
   * coordinate. Of all other users, lists for coordinators read every job, in slices.
   */
  seenBy(sight: Sight): View;
}
