import { userInfo } from 'node:os';
import { hasEnded } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';
import { readState } from '../values/state.ts';

/** What one poll of squeue returned. */
export interface QueuePoll {
  readonly observedMs: number;
  /** Ids of the jobs that have not ended. */
  readonly live: ReadonlySet<string>;
  /** Whether it contains jobs of another user. */
  readonly showsOthers: boolean;
  /** A hash of each run's record. */
  readonly hashes: ReadonlyMap<string, bigint | number>;
  /** Whether all reports were delivered, not only those that changed since the last poll. */
  readonly isWhole: boolean;
  /** The first error of `deliver`; nothing is delivered after it. */
  readonly storeError: unknown;
}

interface CollectOptions {
  readonly observedMs: number;
  readonly isWhole: boolean;
  /** Of the last poll. */
  readonly lastHashes: QueuePoll['hashes'];
  /** Resolves when the reports are on disk. */
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
}

/**
 * Collects the reports of one poll as they arrive and delivers those that are new or have changed. `add`
 * never rejects.
 */
export function collectQueue({ observedMs, isWhole, lastHashes, deliver }: CollectOptions) {
  const live = new Set<string>();
  const hashes = new Map<string, bigint | number>();
  const ownUser = userInfo().username;
  let showsOthers = false;
  let storeError: unknown;

  function isNews(report: Report): boolean {
    const [key, hash] = [keyOf(report), hashOf(report)];
    hashes.set(key, hash);
    if (!isOver(report)) live.add(report.id);
    if (report.user !== undefined && report.user !== ownUser) showsOthers = true;
    return isWhole || lastHashes.get(key) !== hash;
  }

  return {
    observedMs,
    live,
    hashes,
    isWhole,
    get showsOthers() {
      return showsOthers;
    },
    get storeError() {
      return storeError;
    },
    async add(reports: readonly Report[]): Promise<void> {
      const news = reports.filter(isNews);
      if (storeError !== undefined) return;
      try {
        await deliver(news);
      } catch (error) {
        storeError = error;
      }
    },
  } satisfies QueuePoll & { add: unknown };
}

/** Returns whether squeue shows the job as ended, even without a credible end. */
function isOver({ endTimeMs, rawState = '' }: Report): boolean {
  const { state } = readState(rawState);
  return endTimeMs !== undefined || (state !== undefined && hasEnded(state));
}

const hashOf = (report: Report) => Bun.hash(JSON.stringify({ ...report, observedMs: 0 }));

const keyOf = ({ id, startTimeMs }: Report): string => `${id} ${startTimeMs ?? ''}`;
