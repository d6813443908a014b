import { compileCheck } from '../../api/check.ts';
import type { Schema, Wire } from '../../api/field.ts';
import { invalid } from '../../domain/errors.ts';

/**
 * Returns a function that validates a route's body, compiled once; it throws `validation_error` with the
 * first wrong field. Not Elysia's own validation, because that puts the whole body into its error and fails
 * on `{"toString":1}`.
 */
export function bodyCheck<Described extends Schema>(schema: Described): (body: unknown) => Wire<Described> {
  const check = compileCheck(schema);
  return (body) => {
    if (check.accepts(body)) return body as Wire<Described>;
    throw invalid(check.explain(body));
  };
}
