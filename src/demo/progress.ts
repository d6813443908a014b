const BAR_CELLS = 30;

/** Called with the progress, from 0 to 1, each time it has grown. */
export type ShowProgress = (done: number) => void;

/** A bar that is drawn over itself, for a terminal. */
export function drawBar(write: (text: string) => void): ShowProgress {
  return (done) => {
    const bar = '#'.repeat(Math.floor(done * BAR_CELLS)).padEnd(BAR_CELLS, '.');
    const percent = String(Math.floor(done * 100)).padStart(3);
    write(`\rmaking up the past  [${bar}] ${percent} %${done === 1 ? '\n' : ''}`);
  };
}

/** Calls `report` with the percentage at each quarter, for a log, where nothing can be drawn over. */
export function reportQuarters(report: (percent: number) => void): ShowProgress {
  let quarters = 0;
  return (done) => {
    if (Math.floor(done * 4) > quarters) report(Math.floor(done * 100));
    quarters = Math.floor(done * 4);
  };
}
