/** Longer texts hardly come twice, and are not worth the memory. */
const MAX_LENGTH = 200;

/**
 * Returns `read`, which must be pure, with a memory of its values: accounting repeats a few texts a million times, most
 * often the last one. The remembered values may weigh `max` together (by default each weighs 1); beyond it all are
 * forgotten, which costs less than knowing the oldest.
 */
export function remember<Value>(
  read: (text: string) => Value,
  max = 4096,
  weigh: (value: Value) => number = () => 1,
): (text: string) => Value {
  const known = new Map<string, Value>();
  let weight = 0;
  let lastText: string | undefined;
  let lastValue: Value;
  return (text) => {
    if (text === lastText) return lastValue;
    let value = known.get(text);
    if (value === undefined) {
      value = read(text);
      if (text.length > MAX_LENGTH) return value;
      const own = weigh(value);
      if (weight + own > max) {
        known.clear();
        weight = 0;
      }
      known.set(text, value);
      weight += own;
    }
    lastText = text;
    lastValue = value;
    return value;
  };
}
