/** Longer texts hardly come twice, and are not worth the memory. */
const MAX_LENGTH = 200;

/**
 * `read`, which must be pure, remembering what it gave for up to `max` texts: accounting repeats a few of them a million
 * times, most often the last one. When they are too many, all are forgotten, which costs less than knowing the oldest.
 */
export function remember<Value>(read: (text: string) => Value, max = 4096): (text: string) => Value {
  const known = new Map<string, Value>();
  let lastText: string | undefined;
  let lastValue: Value;
  return (text) => {
    if (text === lastText) return lastValue;
    let value = known.get(text);
    if (value === undefined) {
      value = read(text);
      if (text.length > MAX_LENGTH) return value;
      if (known.size >= max) known.clear();
      known.set(text, value);
    }
    lastText = text;
    lastValue = value;
    return value;
  };
}
