/** The least and the largest time there may be. */
interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * The places of times in their order, those of one time as they stand; undefined when all stand in order. From each of
 * `starts` to the next they go up already.
 */
export function placesInOrder(
  times: Float64Array,
  starts: readonly number[],
  window: Window,
): ArrayLike<number> | undefined {
  if (isSorted(times)) return undefined;
  return starts.length <= FEW_RUNS ? mergePlaces(times, starts) : sortPlaces(times, window);
}

function isSorted(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if (times[i]! < times[i - 1]!) return false;
  return true;
}

/** Up to so many runs of times that go up are merged faster than sorted. */
const FEW_RUNS = 16;

function mergePlaces(times: Float64Array, starts: readonly number[]): Uint32Array {
  const places = new Uint32Array(times.length);
  const next = Uint32Array.from(starts);
  const ends = Uint32Array.from([...starts.slice(1), times.length]);
  for (let i = 0; i < places.length; i++) {
    let first = -1;
    let firstMs = Number.POSITIVE_INFINITY;
    for (let run = 0; run < next.length; run++) {
      const place = next[run]!;
      if (place < ends[run]! && times[place]! < firstMs) {
        first = run;
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
  // Numbers are sorted ten times as fast as anything that needs a function to compare.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (times[i]! - fromMs) * count + i;
  keys.sort();
  for (let i = 0; i < count; i++) keys[i]! -= Math.floor(keys[i]! / count) * count;
  return keys;
}
