/** Between two lines; /metrics counts every refusal. */
const LINE_MS = 1000;
/** Reasons that are counted separately. */
const MAX_REASONS = 20;
const OTHERS = 'others';

interface RefusalLogOptions {
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  /** Calls back after `ms`; by default a timer that does not prevent the process from exiting. */
  readonly later?: (ms: number, run: () => void) => void;
}

/**
 * Logs requests that were refused because of the service's state (disk full, queue full), without stacks: the
 * first immediately, those of each following second in one line with a count for each reason.
 */
export function refusalLog({ warn, later = startTimer }: RefusalLogOptions) {
  const counts = new Map<string, number>();
  let isQuiet = true;

  function writeLine(): void {
    isQuiet = counts.size === 0;
    if (isQuiet) return;
    const count = [...counts.values()].reduce((sum, one) => sum + one, 0);
    const reasons = [...counts].map(([reason, times]) => `${times} times: ${reason}`);
    warn('requests_refused', { count, reasons: reasons.join(' ') });
    counts.clear();
    later(LINE_MS, writeLine);
  }

  return {
    /** `reason` is a sentence. */
    add(reason: string): void {
      const known = counts.has(reason) || counts.size < MAX_REASONS ? reason : OTHERS;
      counts.set(known, (counts.get(known) ?? 0) + 1);
      if (isQuiet) writeLine();
    },
  };
}

function startTimer(ms: number, run: () => void): void {
  setTimeout(run, ms).unref();
}
