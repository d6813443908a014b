/** The smallest and largest time that can occur. */
interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Returns the places of times in ascending order, equal times in their given order; undefined if they are
 * sorted already. From each of `starts` to the next, times must ascend.
 */
export function placesInOrder(
  times: Float64Array,
  starts: readonly number[],
  window: Window,
): ArrayLike<number> | undefined {
  if (isSorted(times)) return undefined;
  return starts.length <= FEW_STRETCHES ? mergePlaces(times, starts) : sortPlaces(times, window);
}

function isSorted(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if (times[i]! < times[i - 1]!) return false;
  return true;
}

/** Up to this many ascending stretches are merged faster than sorted. */
const FEW_STRETCHES = 16;

function mergePlaces(times: Float64Array, starts: readonly number[]): Uint32Array {
  const places = new Uint32Array(times.length);
  const next = Uint32Array.from(starts);
  const ends = Uint32Array.from([...starts.slice(1), times.length]);
  for (let i = 0; i < places.length; i++) {
    let first = -1;
    let firstMs = Number.POSITIVE_INFINITY;
    for (let stretch = 0; stretch < next.length; stretch++) {
      const place = next[stretch]!;
      if (place < ends[stretch]! && times[place]! < firstMs) {
        first = stretch;
        firstMs = times[place]!;
      }
    }
    places[i] = next[first]!++;
  }
  return places;
}

function sortPlaces(times: Float64Array, { fromMs, untilMs }: Window): Float64Array | number[] {
  const count = times.length;
  if ((untilMs - fromMs + 1) * count > Number.MAX_SAFE_INTEGER) {
    return [...times.keys()].sort((one, other) => times[one]! - times[other]! || one - other);
  }
  // Plain numbers sort ten times as fast as anything with a comparison function.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (times[i]! - fromMs) * count + i;
  keys.sort();
  for (let i = 0; i < count; i++) keys[i]! -= Math.floor(keys[i]! / count) * count;
  return keys;
}
