import type { HeldRow } from './store/tallies.ts';
import type { HeldTally } from './tally/tally.ts';

export const WASTE_GROUPS = ['user', 'account', 'partition', 'node'] as const;
export type WasteGroup = (typeof WASTE_GROUPS)[number];

/** What can be held in vain, the scarcest first. */
export const RESOURCES = ['gpu', 'cpu', 'memory'] as const;
export type Resource = (typeof RESOURCES)[number];

/** A resource over time: GPUs or CPUs times seconds, or MB times seconds. */
export interface HeldAmount {
  readonly held: number;
  /** The part of it during which it was measured how much is used. */
  readonly measured: number;
  readonly used: number;
}

/** Returns what ended runs held and used of a resource. */
export function amountOf(tally: HeldTally, resource: Resource): HeldAmount {
  switch (resource) {
    case 'gpu':
      return { held: tally.gpuSeconds, measured: tally.gpuMeasuredSeconds, used: tally.gpuUsedSeconds };
    case 'cpu':
      return { held: tally.cpuSeconds, measured: tally.cpuMeasuredSeconds, used: tally.cpuUsedSeconds };
    case 'memory':
      return {
        held: tally.memoryMbSeconds,
        measured: tally.memoryMeasuredMbSeconds,
        used: tally.memoryUsedMbSeconds,
      };
  }
}

/** Returns what was held and not used while it was measured; what was not measured is not called waste. */
export const wastedOf = (tally: HeldTally, resource: Resource): number => {
  const { measured, used } = amountOf(tally, resource);
  return Math.max(0, measured - used);
};

/** Returns what all wasted of each resource, so that each has a share of it. */
export const sumWasted = (rows: readonly HeldRow[], resource: Resource): number =>
  rows.reduce((sum, { tally }) => sum + wastedOf(tally, resource), 0);

/** Sorts by what was wasted of a resource, then of the others, the most first. */
export function sortByWaste(rows: readonly HeldRow[], first: Resource): HeldRow[] {
  const order = [first, ...RESOURCES.filter((resource) => resource !== first)];
  const keyed = rows.map((row) => ({ row, wasted: order.map((one) => wastedOf(row.tally, one)) }));
  return keyed
    .toSorted(
      (one, other) =>
        compare(other.wasted, one.wasted) || compareNames(one.row.name ?? '', other.row.name ?? ''),
    )
    .map(({ row }) => row);
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return one[at]! - other[at]!;
  return 0;
}

const compareNames = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
