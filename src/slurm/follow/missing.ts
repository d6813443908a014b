import type { Report } from '../../domain/report.ts';
import type { Unconfirmed } from '../../domain/store/runs.ts';
import { createBackoff } from './backoff.ts';
import type { QueuePoll } from './queue.ts';

/** Jobs per call of sacct. */
const MAX_JOBS = 500;
/** The share of them for those that have been unconfirmed longest. */
const OLDEST_JOBS = 100;

type Live = QueuePoll['live'];

/** The jobs to ask sacct for, and those among them that are asked only from time to time. */
interface Question {
  readonly jobs: readonly Unconfirmed[];
  readonly repeated: ReadonlySet<string>;
}

/**
 * Tracks the jobs that ought to be in the queue and are not. After `patienceMs` without a record of sacct,
 * which slurmdbd may have minutes later, a job counts as failed.
 */
export function trackMissing(patienceMs: number) {
  let missingSince = new Map<string, number>();
  const backoff = createBackoff();

  return {
    /**
     * Selects the jobs that are missing in the queue, and those with unknown earlier runs that are due again.
     */
    select(unconfirmed: readonly Unconfirmed[], live: Live, nowMs: number): Question {
      const incomplete = unconfirmed.filter(({ lacksRuns }) => lacksRuns).map(({ id }) => id);
      backoff.retain(new Set(incomplete));
      // Runs that accounting has deleted never become known, so they are not requested at every poll.
      const repeated = new Set(incomplete.filter((id) => backoff.isDue(id, nowMs)));
      const jobs = unconfirmed.filter(({ id }) => repeated.has(id) || !live.has(id));
      const missing = jobs.filter(({ id }) => !live.has(id));
      missingSince = new Map(missing.map(({ id }) => [id, missingSince.get(id) ?? nowMs]));
      if (jobs.length <= MAX_JOBS) return { jobs, repeated };
      // From both ends: jobs that just ended have a record by
      // now, and those missing for long must not wait forever.
      return { jobs: [...jobs.slice(0, OLDEST_JOBS), ...jobs.slice(OLDEST_JOBS - MAX_JOBS)], repeated };
    },

    /**
     * Records that sacct answered; `ended` are the jobs with an end. Returns reports of those that have
     * failed by now.
     */
    settle({ jobs, repeated }: Question, live: Live, ended: ReadonlySet<string>, nowMs: number): Report[] {
      backoff.markAsked(repeated, nowMs);
      return jobs
        .filter((job) => !job.hasEnded && !live.has(job.id) && !ended.has(job.id))
        .map(({ id }) => ({ id, sinceMs: missingSince.get(id)! }))
        .filter(({ sinceMs }) => nowMs - sinceMs >= patienceMs)
        .map(({ id, sinceMs }) => lostReport(id, sinceMs));
    },
  };
}

const lostReport = (id: string, sinceMs: number): Report => ({
  source: 'absence',
  observedMs: sinceMs,
  id,
  state: 'failed',
  endTimeMs: sinceMs,
  reason: 'The job left the queue and Slurm has no record of its end.',
});
