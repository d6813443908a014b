// The schemas of bodies, as the published document has them: words of OpenAPI 3.0 in place of those that only this service knows.

interface Schema {
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly nullable?: boolean;
  readonly distinct?: boolean;
  readonly format?: string;
  readonly pattern?: string;
}

/** What the formats of `api` check, in JSON Schema's words. A length is counted in characters there, not in UTF-16 units. */
const FORMATS: Readonly<Record<string, { pattern?: string; [keyword: string]: unknown }>> = {
  identity: { minLength: 1, maxLength: 256, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]+$' },
  text: { pattern: '^[^\\u0000]*$' },
  moment: { format: 'date-time' },
};

/** The same value with every schema in it as OpenAPI 3.0 writes it. */
export const publish = (document: unknown): object =>
  JSON.parse(JSON.stringify(document), (_, value) => writeFormat(writeUnique(writeEnum(value))));

/** TypeBox writes a choice as `anyOf` of `const`, which JSON Schema knows and OpenAPI 3.0 does not. */
function writeEnum(schema: unknown): unknown {
  const { anyOf, ...rest } = (schema ?? {}) as Schema;
  if (!Array.isArray(anyOf) || !anyOf.every((choice) => typeof choice.const === 'string')) return schema;
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
  // A pattern beside a format is a look-ahead, which holds for the same text.
  const both = pattern + (words.pattern ?? '').replace(/^\^/, pattern === '' ? '^' : '');
  return { ...rest, ...words, ...(both !== '' && { pattern: both }) };
}
