import type { ClusterPage } from '../../domain/clusters/cluster.ts';
import type { View } from '../../domain/store/view.ts';
import { writeCursor } from './cursor.ts';
import type { ListRequest } from './job-list.ts';

/** Reads the page that a request for a list asks for, and the cursor of the next one. */
export async function readJobPage(
  view: Pick<View, 'listJobs'>,
  { filter, start, filterKey }: Pick<ListRequest, 'filter' | 'start' | 'filterKey'>,
  limit: number,
  signal: AbortSignal,
): Promise<ClusterPage> {
  const { jobs, total, next } = await view.listJobs(filter, { ...start, limit }, signal);
  const nextCursor = next && writeCursor({ after: next, nowMs: start.nowMs }, start.order, filterKey);
  return { jobs, total, ...(nextCursor !== undefined && { nextCursor }) };
}
