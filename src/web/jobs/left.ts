import type { JobAnswer } from '../../api/job.ts';

/** A job of the list, which may have left it since: `state:running` and it has ended. */
export type ListedJob = JobAnswer & { readonly hasLeft?: true };

/** Orders in which jobs keep their places; by usage they pass each other. */
const STEADY = ['start_time', 'end_time', 'nodes', 'cpus', 'gpus'];

interface Reread {
  readonly jobs: readonly JobAnswer[];
  readonly next_cursor?: string;
}

/**
 * Marks the jobs that were listed where a page was read again, and are not there any more. Of a page that
 * goes on, only those before another one of it: new jobs may have moved the rest to the next page.
 */
export function markLeft(
  listed: readonly ListedJob[],
  from: number,
  { jobs, next_cursor }: Reread,
  sort: string,
): readonly ListedJob[] {
  const fresh = new Set(jobs.map(({ id }) => id));
  const isWhole = next_cursor === undefined;
  if (!isWhole && !STEADY.includes(sort)) return listed;
  const end = isWhole ? listed.length : listed.findLastIndex(({ id }) => fresh.has(id));
  const hasLeft = ({ id }: ListedJob, place: number) => place >= from && place < end && !fresh.has(id);
  return listed.map((job, place) => (hasLeft(job, place) && !job.hasLeft ? { ...job, hasLeft: true } : job));
}
