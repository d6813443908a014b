import { type Check, compileCheck } from '../../api/check.ts';
import type { Schema, Wire } from '../../api/field.ts';
import { invalid } from '../../domain/errors.ts';

/**
 * Returns a function that validates a route's body, compiled once; it throws `validation_error` with the
 * first wrong field. Not Elysia's own validation, because that puts the whole body into its error and fails
 * on `{"toString":1}`.
 */
export function bodyCheck<Described extends Schema>(schema: Described): (body: unknown) => Wire<Described> {
  const check = nullableCheck(schema);
  return (body) => {
    if (check.accepts(body)) return body;
    throw invalid(check.explain(body));
  };
}

/** Compiles a check that deletes nullable fields which are null, because null counts as absent. */
export function nullableCheck<Described extends Schema>(schema: Described): Check<Wire<Described>> {
  const check = compileCheck(schema);
  return {
    accepts(value): value is Wire<Described> {
      if (check.accepts(value)) return true;
      // Only now, because nulls are rare.
      dropNulls(schema, value);
      return check.accepts(value);
    },
    explain: check.explain,
  };
}

/** Deletes the fields that are null and that the schema calls nullable, at every depth. */
function dropNulls({ properties = {}, items = {} }: Schema, value: unknown): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(items, item);
    return;
  }
  const fields = value as Record<string, unknown>;
  for (const name in fields) {
    if (typeof fields[name] !== 'object' || !Object.hasOwn(properties, name)) continue;
    const field: Schema = properties[name];
    if (fields[name] === null && field.nullable) delete fields[name];
    else dropNulls(field, fields[name]);
  }
}
