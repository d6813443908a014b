import { FormatRegistry, type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox';
import { isGpuName } from '../domain/batch-measures.ts';
import { isIdentity } from '../domain/identity.ts';

export type Schema = TSchema;

type DeepReadonly<Value> = Value extends object
  ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
  : Value;

/** The TypeScript type of the JSON that a schema describes. */
export type Wire<Described extends Schema> = DeepReadonly<Static<Described>>;

// TypeBox counts UTF-16 units for maxLength, JSON Schema counts characters: the format counts instead.
FormatRegistry.Set('identity', isIdentity);
FormatRegistry.Set('gpu', isGpuName);
// Free text keeps its lines; SQLite would cut it at a NUL.
FormatRegistry.Set('text', (text) => text.isWellFormed() && !text.includes('\0'));
// Times are parsed once, where an error can be explained in
// a sentence; the published document calls them date-time.
FormatRegistry.Set('moment', () => true);

/** An ISO 8601 time in a request. */
export const Moment = (description: string) =>
  Type.String({ format: 'moment', description: `${description}; a time without a zone is UTC` });

/** An ISO 8601 time in an answer: UTC with milliseconds, such as 2026-01-20T10:00:00.000Z. */
export const Time = (description: string) => Type.String({ format: 'moment', description });

/**
 * The id of a job. "." and ".." are excluded because URL parsers drop them from a path, even percent-encoded.
 */
export const JobId = (description: string) =>
  Type.String({ format: 'identity', pattern: '^(?!\\.\\.?$)', description });

/** A name: 1 to 256 characters, none of them a control character. */
export const Identity = (description: string) => Type.String({ format: 'identity', description });

/** Free text of at most 4096 characters. */
export const Text = (description: string) => Type.String({ maxLength: 4096, format: 'text', description });

/** A count of at most `maximum`, by default the largest integer that a double holds exactly. */
export const Count = (description: string, maximum = Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ minimum: 0, maximum, description });

/** One of some words. */
export const Choice = <const Word extends string>(words: readonly Word[], description?: string) =>
  Type.Unsafe<Word>(
    Type.Union(
      words.map((word) => Type.Literal(word)),
      description === undefined ? {} : { description },
    ),
  );

/** An optional field of a request; null counts as absent (http/request/body-check.ts). */
export const optional = <Field extends TSchema>(schema: Field) =>
  Type.Optional({ ...schema, nullable: true } as Field);

/** The same fields as answers have them: absent or present, never null. */
export const answered = <Fields extends TProperties>(fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { nullable: _, ...schema }]) => [name, schema]),
  ) as Fields;
