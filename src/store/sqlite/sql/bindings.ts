export type Bound = number | string | Uint8Array | null;

/** Collects the values of a statement; `bind` adds one and returns its placeholder. */
export function bindings() {
  const values: Bound[] = [];
  return { values, bind: (value: Bound) => `?${values.push(value)}` };
}
export type Bind = ReturnType<typeof bindings>['bind'];
