import type { Job } from '../job.ts';
import type { JobOrder, JobSort } from '../list.ts';
import type { ClusterPage } from './cluster.ts';

/**
 * Where the next page of a cluster begins: after `skip` jobs of the page at `cursor`; '' is the first page.
 */
export interface ClusterCursor {
  readonly cursor: string;
  readonly skip: number;
}

/** One cluster's part of a list: where it stood, and the page that was read from there. */
export interface ClusterPart {
  readonly name: string;
  readonly from: ClusterCursor;
  /** Undefined if the cluster did not answer: it stays where it is. */
  readonly page: ClusterPage | undefined;
}

export interface MergedJob {
  readonly cluster: string;
  readonly job: Job;
}

export interface Merged {
  readonly jobs: readonly MergedJob[];
  /** Where each cluster goes on; one without further jobs is left out. Empty on the last page. */
  readonly next: ReadonlyMap<string, ClusterCursor>;
}

/**
 * Merges the pages of several clusters, each sorted, to the first `limit` jobs in the same order; ties are in
 * the order of the clusters. A page must have `skip + limit` jobs, unless it is the last one. Cursors stay
 * opaque: a page that is used in part is read again from its start.
 */
export function mergePages(
  parts: readonly ClusterPart[],
  order: JobOrder,
  limit: number,
  nowMs: number,
): Merged {
  const heads = parts.flatMap(({ name, from, page }) =>
    page ? [{ name, from, page, taken: from.skip, value: null as number | null }] : [],
  );
  for (const head of heads) head.value = valueAt(head, order, nowMs);
  const jobs: MergedJob[] = [];
  while (jobs.length < limit) {
    const left = heads.filter(({ page, taken }) => taken < page.jobs.length);
    if (left.length === 0) break;
    const first = left.reduce((best, head) => (isBefore(head.value, best.value, order) ? head : best));
    jobs.push({ cluster: first.name, job: first.page.jobs[first.taken]! });
    first.taken++;
    first.value = valueAt(first, order, nowMs);
  }
  const next = new Map<string, ClusterCursor>();
  for (const { name, from, page } of parts) if (!page) next.set(name, from);
  for (const { name, from, page, taken } of heads) {
    if (taken < page.jobs.length) next.set(name, { cursor: from.cursor, skip: taken });
    else if (page.nextCursor !== undefined) next.set(name, { cursor: page.nextCursor, skip: 0 });
  }
  return { jobs, next };
}

interface Head {
  readonly page: ClusterPage;
  readonly taken: number;
  readonly value: number | null;
}

/**
 * The value by which the next job of a page is sorted. The start that orders a waiting job is not in answers:
 * it is at its submission, or where the job before it is.
 */
function valueAt({ page, taken, value }: Head, { sort }: JobOrder, nowMs: number): number | null {
  const job = page.jobs[taken];
  if (!job) return null;
  const own = VALUES[sort](job, nowMs);
  return own === undefined && sort === 'startTime' ? (job.details?.submitTimeMs ?? value) : (own ?? null);
}

const VALUES: Record<JobSort, (job: Job, nowMs: number) => number | undefined> = {
  startTime: ({ startTimeMs }) => startTimeMs,
  endTime: ({ endTimeMs }) => endTimeMs,
  runtime: ({ startTimeMs, endTimeMs, details }, nowMs) =>
    startTimeMs === undefined
      ? undefined
      : (endTimeMs ?? nowMs) - startTimeMs - (details?.suspendedSeconds ?? 0) * 1000,
  wait: ({ startTimeMs, endTimeMs, details }, nowMs) =>
    details?.submitTimeMs === undefined
      ? undefined
      : (startTimeMs ?? endTimeMs ?? nowMs) - details.submitTimeMs,
  nodes: ({ nodes }) => (nodes.length === 0 ? undefined : nodes.length),
  cpus: ({ details }) => details?.cpus,
  gpus: ({ details }) => details?.gpus,
  cpuUsage: ({ cpuUsage }) => cpuUsage,
  memoryUsage: ({ memoryUsageMb }) => memoryUsageMb,
  gpuUsage: ({ gpuUsage }) => gpuUsage,
};

/** Jobs without the value are last in either direction. */
function isBefore(one: number | null, other: number | null, { isAscending }: JobOrder): boolean {
  if (one === null || other === null) return one !== null && other === null;
  return isAscending ? one < other : one > other;
}
