import type { Job } from '../job.ts';

/** The most jobs of a page that is merged from several clusters. */
export const MAX_MERGED_JOBS = 1000;

/** One page of the jobs of a cluster. */
export interface ClusterPage {
  readonly jobs: readonly Job[];
  readonly total: number;
  readonly nextCursor?: string;
}

/** Parameters of a list of jobs, as the HTTP API has them. */
export type ListParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * A cluster whose service is another one. Methods reject with Unreachable when it does not answer in time.
 */
export interface Peer<Overview> {
  readonly name: string;
  /** Where people find its pages, without a slash at the end. */
  readonly url: string;
  /** Lists the jobs that `user` may see there; all that the token may see if undefined. */
  listJobs(query: ListParameters, user: string | undefined, signal: AbortSignal): Promise<ClusterPage>;
  readOverview(user: string | undefined, signal: AbortSignal): Promise<Overview>;
}

/** Why a peer has no answer, in one sentence for people. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}
