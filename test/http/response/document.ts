import Ajv, { type AnySchema } from 'ajv';
import addFormats from 'ajv-formats';
import { isIdentity } from '../../../src/domain/identity.ts';

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    name: string;
    in: string;
    required?: boolean;
    schema: AnySchema;
    example?: string;
  }[];
  readonly requestBody?: {
    content: Record<
      string,
      { schema: AnySchema; examples?: Readonly<Record<string, { readonly value: unknown }>> }
    >;
  };
  readonly security?: readonly object[];
  readonly responses: Record<string, { content?: Record<string, { schema: AnySchema }> }>;
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, AnySchema> };
}

/** Checks requests and answers against the published document; throws on every mismatch. */
export function documentChecker({ paths, components }: OpenApi) {
  const ajv = addFormats(new Ajv({ strict: false, formats: { identity: isIdentity, text: true } }));

  function validate(schema: AnySchema, value: unknown, what: string): void {
    // References of the document start at its root.
    const check = ajv.compile({ ...(schema as object), components });
    if (!check(value))
      throw new Error(`${what}: ${ajv.errorsText(check.errors)} in ${JSON.stringify(value)}`);
  }

  /** Returns the operation of a real path; undefined if the document has none. */
  function find(method: string, path: string): Operation | undefined {
    const given = path.replace(/\?.*/, '').split('/');
    const plain = path.replace(/\?.*/, '');
    if (paths[plain]) return paths[plain][method.toLowerCase()];
    const template = Object.keys(paths).find((pattern) => {
      const wanted = pattern.split('/');
      return (
        wanted.length === given.length &&
        wanted.every((part, at) => part === given[at] || (part.startsWith('{') && given[at] !== ''))
      );
    });
    return template === undefined ? undefined : paths[template]![method.toLowerCase()];
  }

  return {
    find,

    /** Checks that the status is documented for the operation, and that the body matches it. */
    answer(
      method: string,
      path: string,
      { status, text, headers }: { status: number; text: string; headers?: Headers },
    ): void {
      const name = `${method} ${path} ${status}`;
      const operation = find(method, path);
      if (!operation) throw new Error(`${name}: the document has no such operation`);
      const documented = operation.responses[status];
      if (!documented) throw new Error(`${name}: the status is not documented`);
      const contents = Object.entries(documented.content ?? {});
      const sent = headers?.get('content-type')?.replace(/;.*/, '');
      const [type, content] = contents.find(([one]) => sent === undefined || one === sent) ?? [];
      if (!content) {
        if (text !== '') throw new Error(`${name}: no body is documented`);
        return;
      }
      validate(content.schema, type === 'application/json' ? JSON.parse(text) : text, name);
    },

    /** Checks that the document allows a body that the service accepted. */
    body(method: string, path: string, body: unknown): void {
      const schema = find(method, path)?.requestBody?.content['application/json']?.schema;
      if (!schema) throw new Error(`${method} ${path}: no body is documented`);
      validate(schema, body, `${method} ${path}`);
    },
  };
}
