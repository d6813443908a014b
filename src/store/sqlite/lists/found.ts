import type { JobOrder, JobPosition } from '../../../domain/list.ts';

/** A match and the value it is sorted by. */
export interface Found extends JobPosition {
  readonly seq: number;
}

/** New matches that are collected before they are merged. */
const MAX_NEW = 2000;

/** Keeps the first `take` of all added matches, in order. */
export function bestFound({ order, take }: { readonly order: JobOrder; readonly take: number }) {
  const compare = comparePositions(order);
  let sorted: Found[] = [];
  let added: Found[] = [];
  function sortIn() {
    if (added.length > 0) sorted = mergeFound(sorted, added.sort(compare), compare, take);
    added = [];
  }
  return {
    add(found: readonly Found[]) {
      for (const one of found) added.push(one);
      if (added.length >= Math.min(take, MAX_NEW)) sortIn();
    },
    /** Returns the last match that is kept, after which none is wanted; undefined while there is room. */
    worst: () => (sorted.length === take ? sorted.at(-1) : undefined),
    all() {
      sortIn();
      return sorted;
    },
  };
}

export type BestFound = ReturnType<typeof bestFound>;

/** Returns the first `take` of two sorted lists. */
function mergeFound(
  one: readonly Found[],
  other: readonly Found[],
  compare: (a: Found, b: Found) => number,
  take: number,
): Found[] {
  const merged: Found[] = [];
  let [left, right] = [0, 0];
  while (merged.length < take && (left < one.length || right < other.length)) {
    const isLeft = right === other.length || (left < one.length && compare(one[left]!, other[right]!) < 0);
    merged.push(isLeft ? one[left++]! : other[right++]!);
  }
  return merged;
}

/** Returns the order of a list as the database has it: ties by the UTF-8 bytes of their ids. */
export function comparePositions({ isAscending }: JobOrder): (a: JobPosition, b: JobPosition) => number {
  const sign = isAscending ? 1 : -1;
  return (a, b) => {
    if (a.value !== null && b.value !== null && a.value !== b.value) return sign * (a.value - b.value);
    if ((a.value === null) !== (b.value === null)) return a.value === null ? 1 : -1;
    return compareIds(a.id, b.id);
  };
}

/**
 * Characters that JavaScript orders differently from UTF-8: it compares UTF-16 units, so surrogates come
 * before U+E000.
 */
const BEYOND_BYTES_ORDER = /[\ud800-\uffff]/;

function compareIds(one: string, other: string): number {
  if (one === other) return 0;
  if (BEYOND_BYTES_ORDER.test(one) || BEYOND_BYTES_ORDER.test(other)) {
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  }
  return one < other ? -1 : 1;
}
