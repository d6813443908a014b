const BAR_CELLS = 30;
/** Interval of the lines if stderr is not a terminal. */
const LINE_EVERY_MS = 10_000;

/** Shows a progress bar with the remaining time on stderr; `advance` sets how much of `total` is done. */
export function startProgress(what: string, total: number) {
  const isTerminal = process.stderr.isTTY === true;
  const startedMs = performance.now();
  let shownMs = startedMs;

  function show(done: number): void {
    const share = Math.min(1, done / total);
    const passedSeconds = (performance.now() - startedMs) / 1000;
    const left = share > 0 ? `${Math.ceil((passedSeconds / share) * (1 - share))} s left` : '';
    const bar = '#'.repeat(Math.round(share * BAR_CELLS)).padEnd(BAR_CELLS, '.');
    const line = `${what} [${bar}] ${Math.round(share * 100)} % ${left}`;
    process.stderr.write(isTerminal ? `\r${line}\x1b[K` : `${line}\n`);
  }

  return {
    advance(done: number): void {
      const nowMs = performance.now();
      if (nowMs - shownMs < (isTerminal ? 100 : LINE_EVERY_MS)) return;
      shownMs = nowMs;
      show(done);
    },
    finish(): void {
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      process.stderr.write(`${isTerminal ? '\r\x1b[K' : ''}${what}: ${seconds} s\n`);
    },
  };
}
