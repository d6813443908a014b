import Ajv, { type AnySchema } from 'ajv';
import addFormats from 'ajv-formats';
import { isIdentity } from '../../../src/domain/identity.ts';

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; schema: AnySchema; example?: string }[];
  readonly requestBody?: { content: Record<string, { schema: AnySchema }> };
  readonly responses: Record<string, { content?: Record<string, { schema: AnySchema }> }>;
}

export interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, AnySchema> };
}

/** Holds requests and answers against the published document; every fault is an Error. */
export function documentChecker({ paths, components }: OpenApi) {
  const ajv = addFormats(new Ajv({ strict: false, formats: { identity: isIdentity, text: true } }));

  function validate(schema: AnySchema, value: unknown, what: string): void {
    // References of the document start at its root.
    const check = ajv.compile({ ...(schema as object), components });
    if (!check(value))
      throw new Error(`${what}: ${ajv.errorsText(check.errors)} in ${JSON.stringify(value)}`);
  }

  /** The documented operation of a real path; undefined when the document knows no such path. */
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

    /** The answer's status has to be documented for this operation, and its JSON what is documented for the status. */
    answer(
      method: string,
      path: string,
      { status, text, headers }: { status: number; text: string; headers?: Headers },
    ): void {
      const name = `${method} ${path} ${status}`;
      const operation = find(method, path);
      if (!operation) throw new Error(`${name}: the document knows no such operation`);
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

    /** A body that the service took has to be one that the document allows. */
    body(method: string, path: string, body: unknown): void {
      const schema = find(method, path)?.requestBody?.content['application/json']?.schema;
      if (!schema) throw new Error(`${method} ${path}: no body is documented`);
      validate(schema, body, `${method} ${path}`);
    },
  };
}
