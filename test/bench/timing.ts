import { grouped, isAtMost, type Row } from './row.ts';

/** Times of one page in a large database and in a small one, in milliseconds. */
export interface Timing {
  readonly query: string;
  readonly ours: number;
  readonly floor: number;
  /** Both pages have the same number of jobs; only those are compared. */
  readonly isSamePage: boolean;
}

/** Returns the row of the page that takes most longer in the large database. */
export function ratioRow(what: string, timings: readonly Timing[], jobs: number, few: number): Row {
  const same = timings.filter((timing) => timing.isSamePage);
  const worst = worstOf(same, ({ ours, floor }) => ours / floor);
  const ratio = worst.ours / worst.floor;
  return {
    what: `${what}, ${grouped(jobs)} jobs against ${grouped(few)}, worst of ${same.length} filters`,
    floor: `${worst.floor.toFixed(2)} ms`,
    ours: `${worst.ours.toFixed(2)} ms (${worst.query || 'no filter'})`,
    figure: `${ratio.toFixed(2)} times the time`,
    budget: 'at most 3',
    isHeld: isAtMost(ratio, 3),
  };
}

/** Returns the row of the page that takes longest in the large database. */
export function slowestRow(what: string, timings: readonly Timing[], jobs: number): Row {
  const slowest = worstOf(timings, ({ ours }) => ours);
  return {
    what: `${what}, ${grouped(jobs)} jobs, slowest of ${timings.length} filters`,
    floor: '',
    ours: `${slowest.ours.toFixed(2)} ms (${slowest.query || 'no filter'})`,
    figure: '',
    budget: 'under 10 ms',
    isHeld: isAtMost(slowest.ours, 10),
  };
}

/** Returns the timing with the highest `cost`; one of NaN if there is none. */
const worstOf = (timings: readonly Timing[], cost: (timing: Timing) => number): Timing =>
  timings.toSorted((a, b) => cost(b) - cost(a))[0] ?? {
    query: 'none',
    ours: Number.NaN,
    floor: Number.NaN,
    isSamePage: true,
  };
