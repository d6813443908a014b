import { userInfo } from 'node:os';
import { hasEnded } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';
import { readState } from '../values/state.ts';

/** What one look at the queue has shown. */
export interface QueueLook {
  /** Jobs that have not ended. */
  readonly live: ReadonlySet<string>;
  /** Whether it shows jobs of somebody else. */
  readonly showsOthers: boolean;
  /** What it said of each run, as a hash. */
  readonly shown: ReadonlyMap<string, bigint | number>;
  /** Whether all of it was delivered, and not only what is new. */
  readonly isWhole: boolean;
  /** Why the store did not take all of it. */
  readonly storeError: unknown;
}

interface WatchOptions {
  readonly isWhole: boolean;
  /** What the look before has shown. */
  readonly said: QueueLook['shown'];
  /** Resolves when the reports are on disk. */
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
}

/** Takes the reports of one look at the queue as they come, and delivers those that say something new. `take` never rejects. */
export function watchQueue({ isWhole, said, deliver }: WatchOptions) {
  const live = new Set<string>();
  const shown = new Map<string, bigint | number>();
  const myself = userInfo().username;
  let showsOthers = false;
  let storeError: unknown;

  /** Whether the look before did not show it so. */
  function note(report: Report): boolean {
    const [key, hash] = [keyOf(report), hashOf(report)];
    shown.set(key, hash);
    if (!isOver(report)) live.add(report.id);
    if (report.user !== undefined && report.user !== myself) showsOthers = true;
    return isWhole || said.get(key) !== hash;
  }

  return {
    live,
    shown,
    isWhole,
    get showsOthers() {
      return showsOthers;
    },
    get storeError() {
      return storeError;
    },
    async take(reports: readonly Report[]): Promise<void> {
      const news = reports.filter(note);
      if (storeError !== undefined) return;
      try {
        await deliver(news);
      } catch (error) {
        storeError = error;
      }
    },
  } satisfies QueueLook & { take: unknown };
}

/** Whether squeue says that it is over; when, it may not know. */
function isOver({ endTimeMs, rawState = '' }: Report): boolean {
  const { state } = readState(rawState);
  return endTimeMs !== undefined || (state !== undefined && hasEnded(state));
}

const hashOf = (report: Report) => Bun.hash(JSON.stringify({ ...report, observedMs: 0 }));

const keyOf = ({ id, startTimeMs }: Report): string => `${id} ${startTimeMs ?? ''}`;
