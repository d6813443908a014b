/** Between two lines: the metrics count every refusal, the log only says that there are some and why. */
const LINE_MS = 1000;
/** Kinds of refusal that are counted one by one. */
const MAX_KINDS = 20;
const OTHERS = 'others';

interface RefusalLogOptions {
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  /** Calls back after `ms`; by default a timer that does not keep the process alive. */
  readonly later?: (ms: number, run: () => void) => void;
}

/**
 * Logs requests that were refused as they had to be (the disk full, the queue full), without stacks: the first at once, those of
 * each following second in one line, with a count for each kind.
 */
export function refusalLog({ warn, later = startTimer }: RefusalLogOptions) {
  const counts = new Map<string, number>();
  let isQuiet = true;

  function writeLine(): void {
    isQuiet = counts.size === 0;
    if (isQuiet) return;
    const count = [...counts.values()].reduce((sum, one) => sum + one, 0);
    const reasons = [...counts].map(([kind, times]) => `${times} times: ${kind}`);
    warn('requests refused', { count, reasons: reasons.join(' ') });
    counts.clear();
    later(LINE_MS, writeLine);
  }

  return {
    /** `kind` says why in a sentence. */
    add(kind: string): void {
      const known = counts.has(kind) || counts.size < MAX_KINDS ? kind : OTHERS;
      counts.set(known, (counts.get(known) ?? 0) + 1);
      if (isQuiet) writeLine();
    },
  };
}

function startTimer(ms: number, run: () => void): void {
  setTimeout(run, ms).unref();
}
