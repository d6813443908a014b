import type { ChangeEvent } from '../../api/live.ts';

/** What something on a page shows: jobs of any kind, the nodes, or one job. */
export type Concern = 'jobs' | 'nodes' | { readonly job: string };

/** A change of what the reader looks at. */
const SOON_MS = 2000;
/** On a busy cluster lists change all the time; after a quiet time a change is still shown at once. */
const LIST_MS = 5000;
/** Figures that move all the time. */
const LATER_MS = 10_000;

/**
 * Returns how long after the last read something is to be read anew because of a change, in milliseconds;
 * undefined if the change does not concern it.
 */
export function delayOf(concern: Concern, change: ChangeEvent): number | undefined {
  const isNews = change.jobs.length > 0 || change.more_jobs;
  const isAny = isNews || change.measured.length > 0 || change.more_measured;
  if (concern === 'jobs') return isNews ? LIST_MS : later(isAny);
  if (concern === 'nodes') return later(change.nodes);
  if (change.jobs.includes(concern.job) || change.measured.includes(concern.job)) return SOON_MS;
  // It may be among those that are not named.
  return later(change.more_jobs || change.more_measured);
}

const later = (isConcerned: boolean): number | undefined => (isConcerned ? LATER_MS : undefined);
