import { startProgress as startBar } from '../../src/cli/progress.ts';

/** Shows a progress bar with the remaining time on stderr; `advance` sets how much of `total` is done. */
export function startProgress(what: string, total: number) {
  const write = (text: string) => void process.stderr.write(text);
  const startedMs = performance.now();
  const passedSeconds = () => (performance.now() - startedMs) / 1000;
  const bar = startBar(what, { write, isTerminal: process.stderr.isTTY === true });
  return {
    advance(done: number): void {
      bar.show(
        done / total,
        done > 0 ? `${Math.ceil((passedSeconds() * (total - done)) / done)} s left` : '',
      );
    },
    finish(): void {
      bar.clear();
      write(`${what}: ${passedSeconds().toFixed(1)} s\n`);
    },
  };
}
