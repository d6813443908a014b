import type { TallyGroup, TallyRow } from '../store/tallies.ts';
import { countRuns } from './tally.ts';

/** Sorts days in order; others by what they held, most GPU time first, then CPU time, then runs. */
export const sortTallies = (groupBy: TallyGroup, rows: readonly TallyRow[]): TallyRow[] =>
  rows.toSorted(
    (one, other) => (groupBy === 'day' ? 0 : compareHeld(one, other)) || compareNames(one, other),
  );

const compareHeld = ({ tally: one }: TallyRow, { tally: other }: TallyRow): number =>
  other.gpuSeconds - one.gpuSeconds || other.cpuSeconds - one.cpuSeconds || countRuns(other) - countRuns(one);

const compareNames = ({ name: one = '' }: TallyRow, { name: other = '' }: TallyRow): number =>
  one < other ? -1 : Number(one > other);
