/** Longer texts are rarely repeated and not worth the memory. */
const MAX_LENGTH = 200;

/**
 * Returns `read`, which must be pure, with a cache of its results: accounting repeats a few texts a million
 * times, mostly the previous one. `weigh` gives the weight of a result (1 by default). When the total exceeds
 * `maxWeight`, the whole cache is cleared, which costs less than tracking the oldest entry.
 */
export function memoize<Value>(
  read: (text: string) => Value,
  maxWeight = 4096,
  weigh: (value: Value) => number = () => 1,
): (text: string) => Value {
  const cache = new Map<string, Value>();
  let totalWeight = 0;
  let lastText: string | undefined;
  let lastValue: Value;
  return (text) => {
    if (text === lastText) return lastValue;
    let value = cache.get(text);
    if (value === undefined) {
      value = read(text);
      if (text.length > MAX_LENGTH) return value;
      const weight = weigh(value);
      if (totalWeight + weight > maxWeight) {
        cache.clear();
        totalWeight = 0;
      }
      cache.set(text, value);
      totalWeight += weight;
    }
    lastText = text;
    lastValue = value;
    return value;
  };
}
