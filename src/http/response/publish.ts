import { MEDIA_TYPE, PROTOBUF } from '../../api/media-type.ts';

// Turns the schemas of `api` into those of OpenAPI 3.0, which lacks some of their keywords.

interface Schema {
  readonly $id?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly nullable?: boolean;
  readonly distinct?: boolean;
  readonly format?: string;
  readonly pattern?: string;
}

/**
 * The formats of `api` in the words of JSON Schema, which
 * counts lengths in characters and not in UTF-16 units.
 */
const FORMATS: Readonly<Record<string, { pattern?: string; [keyword: string]: unknown }>> = {
  identity: { minLength: 1, maxLength: 256, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$' },
  gpu: { minLength: 1, maxLength: 128, pattern: '^[^\\s\\u0000-\\u001f\\u007f-\\u009f]+$' },
  text: { pattern: '^[^\\u0000]*$' },
  moment: { format: 'date-time' },
};

/** Returns a copy of a document whose schemas are those of OpenAPI 3.0 and whose bodies have one type. */
export const publish = (document: unknown): object =>
  JSON.parse(
    JSON.stringify(document, (key, value) =>
      key === 'requestBody'
        ? onlyOurs(value)
        : writeFormat(writeUnique(writeEnum(writeReference(key, value)))),
    ),
  );

/** Replaces a named schema by a reference, except under its name in `components`. */
function writeReference(key: string, schema: unknown): unknown {
  const { $id, ...rest } = (schema ?? {}) as Schema;
  if (typeof $id !== 'string') return schema;
  return key === $id ? rest : { $ref: `#/components/schemas/${$id}` };
}

/** The generator lists every type that Elysia could parse. */
function onlyOurs(body: { content: Record<string, unknown> }): object {
  const type = PROTOBUF in body.content ? PROTOBUF : MEDIA_TYPE.json;
  return { ...body, content: { [type]: body.content[type] } };
}

/**
 * Writes a choice, which TypeBox writes as `anyOf` of `const`, or as `const` if there is one word, as `enum`,
 * and a body of several shapes as `oneOf`.
 */
function writeEnum(schema: unknown): unknown {
  const { anyOf, const: word, ...rest } = (schema ?? {}) as Schema;
  if (typeof word === 'string') return { ...rest, enum: [word] };
  if (!Array.isArray(anyOf)) return schema;
  if (!anyOf.every((choice) => typeof choice.const === 'string')) return { ...rest, oneOf: anyOf };
  const choices = anyOf.map((choice) => choice.const);
  return { ...rest, type: 'string', enum: rest.nullable ? [...choices, null] : choices };
}

function writeUnique(schema: unknown): unknown {
  const { distinct, ...rest } = (schema ?? {}) as Schema;
  return distinct === true ? { ...rest, uniqueItems: true } : schema;
}

function writeFormat(schema: unknown): unknown {
  const { format, pattern = '', ...rest } = (schema ?? {}) as Schema;
  const words = typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (!words) return schema;
  // A pattern beside a format is a look-ahead, so both can be joined.
  const both = pattern + (words.pattern ?? '').replace(/^\^/, pattern === '' ? '^' : '');
  return { ...rest, ...words, ...(both !== '' && { pattern: both }) };
}
