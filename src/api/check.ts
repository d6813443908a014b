import type { Static, TObject, TSchema } from '@sinclair/typebox';
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

/** The names of the fields that a schema lets a sender leave out. */
export const optionalFields = ({ properties, required = [] }: TObject): string[] =>
  Object.keys(properties).filter((name) => !required.includes(name));
