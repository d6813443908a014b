import type { TSchema } from '@sinclair/typebox';
import type { ErrorCode } from '../../domain/errors.ts';
import { ERROR_STATUS } from './errors.ts';
import { named, type Parameter, type SCHEMAS } from './openapi.ts';

interface Operation {
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  /** The answers that are no errors: status, schema (none for an empty answer) and what it means. */
  readonly answers: Readonly<
    Record<
      number,
      {
        schema?: keyof typeof SCHEMAS | TSchema;
        type?: string;
        /** Other media types of the same answer. */
        also?: Readonly<Record<string, TSchema>>;
        means: string;
      }
    >
  >;
  readonly errors: readonly ErrorCode[];
}

/** The `detail` of a route: everything of its place in the published document but the body, which the route declares. */
export function operation({ operationId, tag, summary, parameters = [], answers, errors }: Operation) {
  const responses: Record<string, object> = {};
  for (const [status, { schema, type = 'application/json', also = {}, means }] of Object.entries(answers)) {
    const content = schema && {
      [type]: { schema: typeof schema === 'string' ? named(schema) : schema },
      ...Object.fromEntries(Object.entries(also).map(([other, text]) => [other, { schema: text }])),
    };
    responses[status] = { description: means, ...(content && { content }) };
  }
  const codes = Map.groupBy<number, ErrorCode>([...errors, 'internal_error'], (code) => ERROR_STATUS[code]);
  for (const [status, list] of codes) {
    const example = { error: list[0], message: 'One sentence that says what was wrong.' };
    responses[status] ??= {
      description: list.join(' or '),
      content: { 'application/json': { schema: named('Error'), example } },
    };
  }
  return {
    operationId,
    tags: [tag],
    summary,
    parameters: [...parameters] as never[],
    responses: responses as never,
  };
}
