/** Distances that are looked at: enough for a median, whatever the number of samples. */
const MOST_DISTANCES = 63;

/** Returns the median distance between times that ascend; 0 if there are fewer than two different ones. */
export function typicalInterval(times: Float64Array): number {
  const step = Math.max(1, Math.floor((times.length - 1) / MOST_DISTANCES));
  const distances: number[] = [];
  for (let i = 1; i < times.length; i += step) {
    const distance = times[i]! - times[i - 1]!;
    // Several GPUs have rows of one time.
    if (distance > 0) distances.push(distance);
  }
  return medianOf(distances);
}

/** Returns the median, the smaller of the two in the middle; 0 of none. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? 0;
}
