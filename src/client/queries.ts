import type { JobFilter, JobOrder } from '../domain/list.ts';
import type { ReadingQuery } from '../domain/store/samples.ts';

/** Which jobs to list, and in which order. */
export interface JobQuery extends JobFilter {
  readonly order?: JobOrder;
}

/** Which samples to read. */
export type SampleQuery = Omit<ReadingQuery, 'codes' | 'by'>;

export interface JobPageQuery extends JobQuery {
  readonly limit?: number;
  readonly offset?: number;
  /** The `nextCursor` of the previous page. */
  readonly cursor?: string;
}
