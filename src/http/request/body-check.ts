import type { Static, TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { AppError } from '../../domain/errors.ts';
import { explainFault } from '../response/errors.ts';

/**
 * Returns the check of a route's body, compiled once; `validation_error` names the first field at fault. Elysia's own check, which
 * a `body` schema would start, writes the whole value into its error and fails on `{"toString":1}`.
 */
export function bodyCheck<Schema extends TSchema>(schema: Schema): (body: unknown) => Static<Schema> {
  const compiled = TypeCompiler.Compile(schema);
  return (body) => {
    if (compiled.Check(body)) return body;
    throw new AppError(
      'validation_error',
      explainFault(compiled.Errors(body).First() as Parameters<typeof explainFault>[0]),
    );
  };
}

/** The place of a body in the published document. */
export const describeBody = (schema: TSchema, description?: string) => ({
  required: true,
  ...(description !== undefined && { description }),
  content: { 'application/json': { schema } },
});
