/** Called with the progress, from 0 to 1, each time it has grown. */
export type ShowProgress = (done: number) => void;

/** Calls `report` with the percentage at each quarter, for a log, where nothing can be drawn over. */
export function reportQuarters(report: (percent: number) => void): ShowProgress {
  let quarters = 0;
  return (done) => {
    if (Math.floor(done * 4) > quarters) report(Math.floor(done * 100));
    quarters = Math.floor(done * 4);
  };
}
