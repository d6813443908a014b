const BAR_CELLS = 30;
/** How often the bar of a terminal is redrawn, and how often a line is written elsewhere. */
const DRAW_EVERY_MS = 100;
const LINE_EVERY_MS = 10_000;

interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Whether a line can be drawn over itself. */
  readonly isTerminal: boolean;
  /** Milliseconds since any fixed time. */
  readonly clock?: () => number;
}

export interface Progress {
  /** `done` is from 0 to 1, or undefined if the whole is not known; `note` follows it unless it is empty. */
  show(done: number | undefined, note?: string): void;
  /** Clears the bar. */
  clear(): void;
}

/** Shows the progress of a long command: a bar on a terminal, a line every 10 s elsewhere. */
export function startProgress(
  what: string,
  { write, isTerminal, clock = () => performance.now() }: ProgressOptions,
): Progress {
  let shownMs = clock();
  return {
    show(done, note = '') {
      const nowMs = clock();
      if (nowMs - shownMs < (isTerminal ? DRAW_EVERY_MS : LINE_EVERY_MS)) return;
      shownMs = nowMs;
      const share = Math.min(1, done ?? 0);
      const bar = isTerminal ? `[${'#'.repeat(Math.floor(share * BAR_CELLS)).padEnd(BAR_CELLS, '.')}] ` : '';
      const percent = done === undefined ? '' : `${bar}${Math.floor(share * 100)} %`;
      const text = [percent, note].filter((part) => part !== '').join(', ');
      write(isTerminal ? `\r${what} ${text}\x1b[K` : `${what}: ${text}\n`);
    },
    clear() {
      if (isTerminal) write('\r\x1b[K');
    },
  };
}

/** Does work while its progress is shown on stderr, and clears the bar at its end. */
export async function withProgress<Value>(
  what: string,
  work: (progress: Progress) => Promise<Value>,
): Promise<Value> {
  const progress = progressOf(what);
  try {
    return await work(progress);
  } finally {
    progress.clear();
  }
}

/** Returns what shows how far a copy of a database is. */
export const showCopy =
  (progress: Progress) =>
  (done: number, step: 'copy' | 'verify'): void =>
    progress.show(done, step === 'verify' ? 'verifying' : '');

/** Shows the progress of a command on stderr. */
export const progressOf = (what: string): Progress =>
  startProgress(what, {
    write: (text) => process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
  });
