import { type JobKey, keyText } from './reading.ts';
import type { Round } from './round.ts';
import { createTimers } from './timers.ts';
import type { JobEvent } from './watch.ts';

/** CPU usage needs a second between two readings. */
const FIRST_READING_MS = 1050;
/** What happens within this time is one reading; a job that ends has its counters for some milliseconds. */
const TOGETHER_MS = 2;

interface MomentOptions {
  /** Calls back for every event of a job; returns how to stop. */
  readonly watch: (onEvent: (event: JobEvent) => void) => { stop(): void };
  /** Says that a job begins now, so that its first reading has a span. */
  readonly begin: (key: JobKey) => void;
  /** Says that the directories of a job are gone. */
  readonly end: (key: JobKey) => void;
  readonly read: (keys: readonly JobKey[]) => Promise<Round>;
  /** Stores and sends what was read. */
  readonly take: (round: Round) => void;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
}

/**
 * Reads jobs at moments of their own, between the rounds: a second after they began, when their last process
 * ended, and as often as the watch says while they are young. A job of five seconds has samples then.
 */
export function readAtMoments({ watch, begin, end, read, take, warn }: MomentOptions): { stop(): void } {
  const due = new Map<string, JobKey>();
  const { later, stop } = createTimers();
  let isReading = false;

  function readSoon(key: JobKey): void {
    due.set(keyText(key), key);
    if (isReading) return;
    isReading = true;
    later(TOGETHER_MS, () => void readDue());
  }

  async function readDue(): Promise<void> {
    while (due.size > 0) {
      const keys = [...due.values()];
      due.clear();
      try {
        const round = await read(keys);
        take(round);
        const { gpusDueMs } = round;
        if (gpusDueMs !== undefined) later(gpusDueMs, () => void keys.map(readSoon));
      } catch (cause) {
        warn('reading_failed', { cause, jobs: keys.length });
      }
    }
    isReading = false;
  }

  // The watch begins with the jobs that are there already, which the rounds read.
  let isNew = false;
  const watching = watch(({ kind, key }) => {
    if (kind === 'began') {
      if (!isNew) return;
      begin(key);
      later(FIRST_READING_MS, () => readSoon(key));
    } else if (kind === 'ended') end(key);
    else readSoon(key);
  });
  isNew = true;

  return {
    stop() {
      watching.stop();
      stop();
    },
  };
}
