import type { Static, TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { explainFault } from './explain-fault.ts';

export interface Check<Value> {
  accepts(value: unknown): value is Value;
  /** Explains in one sentence why a value is not accepted; `whole` stands for the value itself. */
  explain(value: unknown, whole?: string): string;
}

/** Compiles the check of a schema. */
export function compileCheck<Schema extends TSchema>(schema: Schema): Check<Static<Schema>> {
  const compiled = TypeCompiler.Compile(schema);
  return {
    accepts: (value): value is Static<Schema> => compiled.Check(value),
    explain: (value, whole) => explainFault(compiled.Errors(value).First(), whole),
  };
}

/**
 * Compiles the check of an answer. It ignores unknown fields,
 * so that an older client can talk to a newer server.
 */
export const compileAnswerCheck = <Schema extends TSchema>(schema: Schema): Check<Static<Schema>> =>
  compileCheck(openUp(schema) as Schema);

/** Returns a copy of a schema whose objects may have more fields. */
function openUp(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(openUp);
  if (schema === null || typeof schema !== 'object') return schema;
  // Spread first: it keeps the symbols by which TypeBox knows its schemas.
  const open: Record<string, unknown> = { ...schema };
  for (const [key, value] of Object.entries(open)) open[key] = openUp(value);
  if (open.additionalProperties === false) delete open.additionalProperties;
  return open;
}
