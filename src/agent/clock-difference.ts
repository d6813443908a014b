import type { AnswerTimes } from '../client/transport.ts';

interface ClockOptions {
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  readonly info: (event: string, fields: Record<string, unknown>) => void;
}

const MAX_DIFFERENCE_MS = 5000;
const SECOND_MS = 1000;

/**
 * Returns a function that compares the clocks with each answer, and tells when they differ by more than five
 * seconds for sure, and when that is over. The answer was written at some time between the sending of the
 * request and its arrival.
 */
export function watchClock({ warn, info }: ClockOptions): (times: AnswerTimes) => void {
  let isTold = false;
  return ({ sentMs, receivedMs, serverMs }) => {
    const differenceMs = (sentMs + receivedMs) / 2 - (serverMs + SECOND_MS / 2);
    const doubtMs = (SECOND_MS + receivedMs - sentMs) / 2;
    if (doubtMs > MAX_DIFFERENCE_MS) return;
    const aheadSeconds = Math.round(differenceMs / SECOND_MS);
    if (!isTold && Math.abs(differenceMs) - doubtMs > MAX_DIFFERENCE_MS) {
      isTold = true;
      warn('clock_differs', {
        aheadSeconds,
        message:
          'The clock of this node differs from that of the service. Samples keep the time of the node, and are ' +
          'refused if it is more than 10 minutes ahead. Check its time service.',
      });
    } else if (isTold && Math.abs(differenceMs) <= MAX_DIFFERENCE_MS) {
      isTold = false;
      info('clock_agrees', { aheadSeconds });
    }
  };
}
