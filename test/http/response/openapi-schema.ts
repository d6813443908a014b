// A JSON schema of the part of OpenAPI 3.0.3 that our document uses; keywords of other versions are refused.

const closed = (required: readonly string[], properties: Record<string, object>) => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
});
const ref = (name: string) => ({ $ref: `#/definitions/${name}` });
const text = { type: 'string' };
const filled = { type: 'string', minLength: 1 };
const mapOf = (schema: object) => ({ type: 'object', additionalProperties: schema });
const count = { type: 'integer', minimum: 0 };
const number = { type: 'number' };
const flag = { type: 'boolean' };

const operation = closed(['operationId', 'summary', 'tags', 'responses'], {
  security: { type: 'array', items: mapOf({ type: 'array', items: { type: 'string' } }) },
  operationId: { type: 'string', pattern: '^[a-z][A-Za-z]+$' },
  summary: filled,
  tags: { type: 'array', items: filled, minItems: 1 },
  parameters: { type: 'array', items: ref('parameter') },
  requestBody: closed(['content'], { content: ref('content'), required: flag, description: text }),
  responses: {
    type: 'object',
    minProperties: 1,
    patternProperties: { '^[2-5]\\d\\d$': ref('response') },
    additionalProperties: false,
  },
});

export const OPENAPI_3_0 = {
  ...closed(['openapi', 'info', 'paths'], {
    openapi: { const: '3.0.3' },
    info: closed(['title', 'version'], { title: filled, version: filled, description: text }),
    tags: { type: 'array', items: closed(['name'], { name: text, description: text }) },
    security: { type: 'array', maxItems: 0 },
    paths: {
      type: 'object',
      patternProperties: {
        '^/': closed([], { get: operation, post: operation, patch: operation, delete: operation }),
      },
      additionalProperties: false,
    },
    components: closed(['schemas', 'securitySchemes'], {
      schemas: mapOf(ref('schema')),
      securitySchemes: mapOf({ type: 'object', required: ['type'] }),
    }),
  }),
  definitions: {
    response: closed(['description'], { description: filled, content: ref('content') }),
    content: {
      type: 'object',
      propertyNames: {
        enum: [
          ...[
            'application/json',
            'text/plain',
            'text/csv',
            'text/html',
            'application/x-ndjson',
            'text/event-stream',
          ],
          'application/x-protobuf',
        ],
      },
      additionalProperties: closed(['schema'], {
        schema: ref('schema'),
        example: {},
        examples: mapOf(closed(['summary', 'value'], { summary: filled, value: {} })),
      }),
      minProperties: 1,
    },
    parameter: {
      ...closed(['name', 'in', 'required', 'schema'], {
        name: filled,
        in: { enum: ['path', 'query'] },
        required: flag,
        description: filled,
        schema: ref('schema'),
        example: {},
        explode: flag,
      }),
      if: { properties: { in: { const: 'path' } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { required: { const: true } } },
    },
    schema: {
      anyOf: [
        closed(['$ref'], { $ref: { type: 'string', pattern: '^#/components/schemas/[A-Za-z]+$' } }),
        closed(['oneOf'], {
          oneOf: { type: 'array', items: ref('schema'), minItems: 2 },
          description: filled,
          example: {},
        }),
        closed(['type'], {
          title: filled,
          type: { enum: ['string', 'number', 'integer', 'boolean', 'array', 'object'] },
          format: { enum: ['date-time', 'binary'] },
          example: {},
          description: filled,
          default: {},
          nullable: flag,
          enum: { type: 'array', minItems: 1, uniqueItems: true },
          minimum: number,
          maximum: number,
          pattern: text,
          minLength: count,
          maxLength: count,
          minItems: count,
          maxItems: count,
          uniqueItems: flag,
          items: ref('schema'),
          required: { type: 'array', items: text, minItems: 1, uniqueItems: true },
          properties: mapOf(ref('schema')),
          additionalProperties: flag,
        }),
      ],
    },
  },
};
