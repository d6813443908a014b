import type { JobOrder } from '../list.ts';
import { type ClusterPage, Unreachable } from './cluster.ts';
import { type ClusterCursor, type ClusterPart, type MergedJob, mergePages } from './merge.ts';

/** A page that is used in part is read again for the next one, until so many of its jobs are used. */
const MAX_SKIPPED = 1000;
export const FIRST_PAGE: ClusterCursor = { cursor: '', skip: 0 };

/** Reads one page of one cluster. Rejects with Unreachable if it does not answer in time. */
export type ReadPage = (place: { readonly cursor: string; readonly limit: number }) => Promise<ClusterPage>;

interface ListOptions {
  readonly order: JobOrder;
  readonly limit: number;
  /** The end assumed for jobs that run. */
  readonly nowMs: number;
  /** Where each cluster that is asked begins. */
  readonly from: ReadonlyMap<string, ClusterCursor>;
}

export interface MergedList {
  readonly jobs: readonly MergedJob[];
  readonly clusters: readonly { readonly name: string; readonly total?: number; readonly error?: string }[];
  readonly next: ReadonlyMap<string, ClusterCursor>;
}

/**
 * Reads one page of several clusters at the same time and merges them. A cluster without an answer has an
 * error.
 */
export async function listMerged(
  readers: ReadonlyMap<string, ReadPage>,
  { order, limit, nowMs, from }: ListOptions,
): Promise<MergedList> {
  const asked = [...from].flatMap(([name, place]) => {
    const read = readers.get(name);
    return read ? [{ name, place, read }] : [];
  });
  const errors = new Map<string, string>();
  const parts = await Promise.all(
    asked.map(async ({ name, place, read }): Promise<ClusterPart> => {
      const page = await orUndefined(read({ cursor: place.cursor, limit: place.skip + limit }), (error) =>
        errors.set(name, error),
      );
      return { name, from: place, page };
    }),
  );
  const { jobs, next } = mergePages(parts, order, limit, nowMs);
  const moved = await Promise.all(
    [...next].map(async ([name, place]) => [name, await moveOn(place, readers.get(name)!)] as const),
  );
  const clusters = parts.map(({ name, page }) => ({
    name,
    ...(page ? { total: page.total } : { error: errors.get(name)! }),
  }));
  return { jobs, clusters, next: new Map(moved) };
}

/** Replaces a cursor with many skipped jobs by one behind them. */
async function moveOn(place: ClusterCursor, read: ReadPage): Promise<ClusterCursor> {
  if (place.skip < MAX_SKIPPED) return place;
  const page = await orUndefined(read({ cursor: place.cursor, limit: place.skip }), () => {});
  return page?.nextCursor === undefined ? place : { cursor: page.nextCursor, skip: 0 };
}

async function orUndefined<Value>(
  answer: Promise<Value>,
  onUnreachable: (reason: string) => void,
): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    onUnreachable(error.message);
    return undefined;
  }
}
