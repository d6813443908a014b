import { compileCheck } from '../../api/check.ts';
import type { Schema, Wire } from '../../api/field.ts';
import { invalid } from '../../domain/errors.ts';

/**
 * Returns the check of a route's body, compiled once; `validation_error` names the first field at fault. Elysia's own
 * check, which a `body` schema would start, writes the whole value into its error and fails on `{"toString":1}`.
 */
export function bodyCheck<Described extends Schema>(schema: Described): (body: unknown) => Wire<Described> {
  const check = compileCheck(schema);
  return (body) => {
    if (check.accepts(body)) return body as Wire<Described>;
    throw invalid(check.explain(body));
  };
}
