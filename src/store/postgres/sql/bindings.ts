import type { Bound } from './queries.ts';

/** Collects the values of a statement; `bind` adds one and returns its placeholder. */
export function bindings() {
  const values: Bound[] = [];
  return { values, bind: (value: Bound) => `$${values.push(value)}` };
}
export type Bind = ReturnType<typeof bindings>['bind'];
