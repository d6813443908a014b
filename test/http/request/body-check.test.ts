import { expect, test } from 'bun:test';
import type { Schema } from '../../../src/api/field.ts';
import { JobPatchBody } from '../../../src/api/job-patch.ts';
import { OPERATIONS } from '../../../src/api/operations.ts';
import { bodyCheck } from '../../../src/http/request/body-check.ts';

/** Returns an example with null in every field that the schema calls nullable; `omit` leaves them out. */
function nullify(schema: Schema, example: unknown, omit = false): unknown {
  if (Array.isArray(example)) return example.map((item) => nullify(schema.items, item, omit));
  if (schema.properties === undefined) return example;
  const given = example as Record<string, unknown>;
  const fields = Object.entries(schema.properties as Record<string, Schema>).flatMap(([name, field]) => {
    if (field.nullable) return omit ? [] : [[name, null]];
    return name in given ? [[name, nullify(field, given[name], omit)]] : [];
  });
  return Object.fromEntries(fields);
}

/** Of a body of several shapes the first; columns and what is not JSON are checked without a schema. */
const BODIES = OPERATIONS.flatMap(({ id, body }) =>
  body && body.type === undefined ? [[id, (body.schema.anyOf?.[0] ?? body.schema) as Schema] as const] : [],
);
test.each(BODIES)('in the body of %s, null counts as absent in every nullable field', (_, schema) => {
  const sent = nullify(schema, schema.example);
  expect<unknown>(bodyCheck(schema)(sent)).toEqual(nullify(schema, schema.example, true));
});

test('null counts as absent in the allocations of a job', () => {
  const nulls = { cpus: null, memory_mb: null, gpu_ids: null };
  const sent = {
    name: null,
    allocations: [
      { node: 'n1', ...nulls },
      { node: 'n2', cpus: 3 },
    ],
  };
  expect(bodyCheck(JobPatchBody)(sent)).toEqual({ allocations: [{ node: 'n1' }, { node: 'n2', cpus: 3 }] });
});

const WRONG: [body: unknown, message: string][] = [
  [{ cpu_usage: 1, state: null, color: null }, 'color is not a known field.'],
  [{ allocations: [null] }, 'allocations.0 must be an object.'],
  [{ allocations: { cpus: null } }, 'allocations must be an array.'],
  [{ allocations: [{ node: null }] }, 'allocations.0.node must be a string.'],
  [{ allocations: [{ node: 'n1', gpu_ids: [null] }] }, 'allocations.0.gpu_ids.0 must be a string.'],
  [null, 'The body must be an object.'],
];
test.each(WRONG)('null is refused where it is not allowed: %j', (body, message) => {
  expect(() => bodyCheck(JobPatchBody)(body)).toThrow(message);
});
