/** Collects the values of a statement; `bind` adds one and returns its placeholder. */
export function bindings() {
  const values: (number | string | null)[] = [];
  return { values, bind: (value: number | string | null) => `?${values.push(value)}` };
}
export type Bind = ReturnType<typeof bindings>['bind'];
