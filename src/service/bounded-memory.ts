/**
 * Remembers what was looked up, for at most `maxKeys` keys, or as many as are asked for at once. What was
 * not found may be there later.
 */
export function boundedMemory<Value>(maxKeys: number) {
  const known = new Map<string, Value>();
  return {
    forget: (key: string) => void known.delete(key),
    forgetAll: () => known.clear(),

    /** Looks up the values of keys that are not known, and returns a function that has all of them. */
    async find(
      keys: ReadonlySet<string>,
      read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
    ): Promise<(key: string) => Value | undefined> {
      let missing = [...keys].filter((key) => !known.has(key));
      if (known.size + missing.length > maxKeys) {
        known.clear();
        missing = [...keys];
      }
      if (missing.length > 0) for (const [key, value] of await read(missing)) known.set(key, value);
      return (key) => known.get(key);
    },
  };
}
