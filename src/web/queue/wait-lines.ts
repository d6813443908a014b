import type { TallyListAnswer } from '../../api/tally-list.ts';

const DAY_MS = 86_400_000;

/** What jobs of a partition did by day. */
export interface PartitionWaits {
  readonly partition: string;
  readonly days: TallyListAnswer['rows'];
}

/** Returns the mean wait in hours of each partition and day; a day without one interrupts the line. */
export function linesOf(waits: readonly PartitionWaits[]) {
  const days = [...new Set(waits.flatMap(({ days: rows }) => rows.map(({ name }) => name ?? '')))].sort();
  const all = fillDays(days);
  return {
    partitions: waits.map(({ partition }) => partition),
    times: all.map((dayMs) => dayMs / 1000),
    columns: waits.map(({ days: rows }) => {
      const byDay = new Map(rows.map(({ name, wait_seconds }) => [Date.parse(name ?? ''), wait_seconds]));
      return all.map((dayMs) => hoursOf(byDay.get(dayMs)));
    }),
  };
}

function fillDays(days: readonly string[]): number[] {
  if (days.length === 0) return [];
  const [first, last] = [Date.parse(days[0]!), Date.parse(days.at(-1)!)];
  return Array.from({ length: Math.round((last - first) / DAY_MS) + 1 }, (_, day) => first + day * DAY_MS);
}

const hoursOf = (seconds: number | undefined): number | null =>
  seconds === undefined ? null : seconds / 3600;
