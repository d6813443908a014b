import type { ForeignJob } from '../domain/foreign/place.ts';

/** GPUs that are remembered; the one unused for longest is forgotten. */
const MAX_GPUS = 50_000;
/** For so long after it was last seen to be of several jobs, a GPU counts as shared. */
const SHARED_MS = 5 * 60_000;

/** Knows which GPUs several jobs hold at once, because nothing says what each of them does there. */
export interface GpuHolders {
  /**
   * Returns whether a GPU of a node counts as shared, given that a reading of this time names a job as its
   * holder. `onOther` gets the job that another reading of the same time named.
   */
  isShared(value: Reading, onOther: (job: ForeignJob) => void): boolean;
}

interface Reading {
  readonly node: string;
  readonly gpu: string;
  readonly job: ForeignJob;
  readonly timeMs: number;
}

const nameOf = (job: ForeignJob): string => ('sluid' in job ? job.sluid : job.jobId);

export function createGpuHolders(): GpuHolders {
  const holders = new Map<string, { job: ForeignJob; timeMs: number; sharedMs: number }>();
  return {
    isShared({ node, gpu, job, timeMs }, onOther) {
      const key = `${node}\0${gpu}`;
      const holder = holders.get(key) ?? { job, timeMs, sharedMs: Number.NEGATIVE_INFINITY };
      // One scrape has one time: at two times, one job may have followed the other.
      if (holder.timeMs === timeMs && nameOf(holder.job) !== nameOf(job)) {
        holder.sharedMs = timeMs;
        onOther(holder.job);
      }
      holder.job = job;
      holder.timeMs = timeMs;
      holders.delete(key);
      holders.set(key, holder);
      if (holders.size > MAX_GPUS) holders.delete(holders.keys().next().value!);
      return timeMs - holder.sharedMs < SHARED_MS;
    },
  };
}
